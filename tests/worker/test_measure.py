"""What a measurement does besides timing: late questions, and nothing that was measured is lost by one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from smjax.core.records.answer import Answer, Bandwidth, Memory, Sample
from smjax.core.records.request import Request
from smjax.core.records.scenario import Measure
from smjax.worker import process
from smjax.worker.engines import Engine, Heard
from smjax.worker.tasks import Session
from smjax.worker.tasks.measure import measure, read_bandwidth
from tests.sweep.points import chosen
from tests.worker.models import scenario

MEASURE = Measure(replicates=1, iterations=1, warmup=1, timeout_s=60.0)
TAKEN_BYTES = 200_000_000


@pytest.fixture
def session() -> Session:
    """One that has timed an answer, and whose engine is a test's."""
    found = Session(Request("measure", chosen(scenario(measure=MEASURE))), lambda phase: None)
    found.answer.samples, found.answer.bytes_per_token = [Sample(1, 1)], 1000
    return found


def no_threads() -> float:
    raise ValueError("native kernel: threads: expected 2, found that the system starts no more")


def no_room() -> float:
    return float(np.ones(1 << 62, np.uint8)[0])


def a_slip() -> float:
    raise TypeError("a slip")


def engine_that(read: Callable[[], float]) -> Any:
    return SimpleNamespace(read_bandwidth=read)


@pytest.mark.parametrize("read", [no_threads, no_room])
def test_a_bandwidth_that_cannot_be_read_costs_nothing_that_was_measured(
    read: Callable[[], float], session: Session
) -> None:
    session.engine = engine_that(read)
    read_bandwidth(session)
    assert session.answer.read_bandwidth == Bandwidth(None, 1000)
    assert session.answer.samples == [Sample(1, 1)]
    assert "bandwidth" in session.answer.phases_ns


def test_any_other_failure_is_one(session: Session) -> None:
    session.engine = engine_that(a_slip)
    with pytest.raises(TypeError, match="a slip"):
        read_bandwidth(session)


def test_what_computes_is_asked_once_the_first_id_is_there(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking through an engine's libraries is no part of a cold start."""
    now_ns = [0]
    monkeypatch.setattr("smjax.worker.tasks.session.time.monotonic_ns", lambda: now_ns[0])

    def versions() -> dict[str, str]:
        now_ns[0] += 10**9
        return {"engine": "1.2"}

    session.answer.versions = {"python": "3"}
    session.engine = SimpleNamespace(versions=versions)  # type: ignore[assignment]
    now_ns[0] = 7
    session.cold_start_done()
    session.phase_done("check")
    assert session.answer.phases_ns == {"cold_start": 7, "check": 0}
    assert session.answer.versions == {"python": "3", "engine": "1.2"}


class Greedy(Engine):
    """Takes memory for its second answer alone, which is the first of the warm-up."""

    n_answers = 0

    def answer(self, prompt: np.ndarray, n_ids: int, heard: Heard) -> None:
        self.n_answers += 1
        if self.n_answers == 2:
            np.ones(TAKEN_BYTES, np.uint8)
        for token in range(n_ids):
            heard(np.array([token], np.int32))

    def check(self, prompt: np.ndarray) -> dict[str, float]:
        return {}

    def describe(self, answer: Answer) -> None:
        answer.memory = Memory(weight_bytes=1)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's high-water mark is Linux's")
def test_the_peak_is_that_of_the_warm_up_too(session: Session) -> None:
    """What comes before the timed answers is part of the worker's life."""
    if process.renew_peak_rss() is None:
        pytest.skip("the high-water mark cannot be renewed here")
    session.engine, session.model = Greedy(), SimpleNamespace(config=SimpleNamespace(n_vocab=100))  # type: ignore
    measure(session)
    memory = session.answer.memory
    assert memory is not None
    assert (memory.peak_rss_bytes or 0) - (memory.steady_rss_bytes or 0) > 0.9 * TAKEN_BYTES
    assert memory.weight_bytes == 1
