"""A wrong start is told before anything is measured, in one line that helps."""

from __future__ import annotations

import contextlib
import resource
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smjax.core.errors import RequestError
from smjax.core.records.scenario import Measure, Scenario
from smjax.sweep.run.beforehand import check_addresses, warnings
from tests.sweep.points import chosen

ONE = Scenario(
    "stories-15m", None, "smjax", "auto", "auto", 1, 256, 128, 128, 1, "auto", 42, Measure(2, 5, 1, 600.0)
)  # fmt: skip


def told(*threads: int, cores: int | None = 2, quota: float | None = None, machine: str = "a") -> list[str]:
    host: dict[str, Any] = {"cpu": {"usable_cores": cores, "cgroup_quota_cores": quota}, "machine": machine}
    return list(warnings([chosen(replace(ONE, threads=each)) for each in threads], host, []))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMJAX_CACHE_DIR", str(tmp_path))


def test_nothing_is_said_where_nothing_is_wrong() -> None:
    assert told(1, 2) == told(1, 2, cores=None) == told(2, quota=2.5) == []


@pytest.mark.parametrize(
    ("cores", "quota", "line"),
    [
        (1, None, "2 and 4 take turns on 1 usable CPU{}=1"),
        (8, 1.5, "2 and 4 take turns on the time of 1.5 CPUs, the container's limit{}=1"),
        (8, 0.5, "1, 2 and 4 take turns on the time of 0.5 CPUs, the container's limit{}=1"),
        (2, 3.0, "4 take turns on 2 usable CPUs{}=2"),
    ],
)
def test_more_threads_than_cores_or_than_a_container_gives_time_for(cores: int, quota: float | None, line: str) -> None:
    between = "; such rows are flagged oversubscribed, and the most that fits is threads"
    assert told(4, 1, 2, cores=cores, quota=quota) == ["threads: " + line.format(between)]


def test_where_nothing_can_be_kept_that_is_said_with_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMJAX_CACHE_DIR", "/dev/null")
    cache, machine = told(1, machine="")
    assert cache.endswith("every run compiles anew: set SMJAX_CACHE_DIR")
    assert machine.endswith("found none that can be written; set SMJAX_MACHINE=NAME")


@pytest.mark.parametrize(("limit", "is_refused"), [(10**9, True), (2 * 10**9, False), (resource.RLIM_INFINITY, False)])
def test_too_few_addresses_are_refused_before_allocations_fail(
    limit: int, is_refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (limit, limit))
    found = "memory: expected 1,400 MB of addresses, found a limit of 1,000 MB; raise it"
    with pytest.raises(RequestError, match=found) if is_refused else contextlib.nullcontext():
        check_addresses()
