"""The self-test gives every figure that this build can measure, says how, and leaves the caller where it was."""

from __future__ import annotations

import json
import os

import pytest

from smjax.core.native_library import library
from smjax.doctor import capabilities as module
from smjax.doctor.capabilities import self_test


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_S", 0.0)
    monkeypatch.setattr(module, "WAKE_UPS", 10)
    monkeypatch.setattr(module, "WORKING_SETS", (4096, 2**20))


@pytest.mark.skipif(library() is None, reason="no native library")
def test_with_the_native_library() -> None:
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    found = self_test()
    assert before == (os.sched_getaffinity(0) if before else None)
    assert json.loads(json.dumps(found)) == found
    assert found["timer_step_ns"] > 0
    assert found["wake_up_us"]["method"] == "native threads"
    assert 0 < found["wake_up_us"]["p50"] <= found["wake_up_us"]["p99"]
    assert found["effective_ghz"] > 0
    threads = sorted({1, module._n_cores()})
    assert [(row["threads"], row["working_set_bytes"]) for row in found["read_gb_per_s"]] == [
        (t, size) for t in threads for size in (4096, 2**20)
    ]
    assert all(row["gb_per_s"] > 0 for row in found["read_gb_per_s"])


def test_without_the_native_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "library", lambda: None)
    monkeypatch.setattr(module, "effective_ghz", lambda cpu: None)
    monkeypatch.setattr(module, "wake_ups", lambda *arguments: None)
    found = self_test()
    assert found["wake_up_us"]["method"].startswith("Python's threads")
    assert 0 < found["wake_up_us"]["p50"] <= found["wake_up_us"]["p99"]
    assert (found["effective_ghz"], found["read_gb_per_s"]) == (None, None)


@pytest.mark.skipif(library() is None, reason="no native library")
def test_a_set_that_does_not_fit_into_memory_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "available_bytes", lambda: 2**20)
    assert {row["working_set_bytes"] for row in self_test()["read_gb_per_s"]} == {4096}


@pytest.mark.skipif(library() is None, reason="no native library")
def test_what_the_system_gives_no_threads_for_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(isa: str, cpus: list[int], threads: int) -> None:
        if threads > 1:
            raise ValueError("native kernel: threads: expected 2, found that the system starts no more")

    monkeypatch.setattr(module, "start", start)
    monkeypatch.setattr(module, "_n_cores", lambda: 2)
    rows = self_test()["read_gb_per_s"]
    assert [row["gb_per_s"] is None for row in rows] == [row["threads"] > 1 for row in rows]
    assert {row["threads"] for row in rows} == {1, 2}
