"""What a worker says of the time in which it was measured."""

from __future__ import annotations

import itertools
import json
import time

import pytest

from smjax.core.machine.disturbances import COUNTERS, disturbances
from smjax.core.machine.host import pick_cpus
from smjax.core.native_probe import Moment
from smjax.core.records.answer import Energy, Probes
from smjax.worker import surroundings
from smjax.worker.surroundings import Surroundings


def test_a_window_holds_what_the_supervisor_judges_by() -> None:
    cpus = pick_cpus(1)
    opened, started_ns = Surroundings(cpus, 1), time.process_time_ns()
    while (used_ns := time.process_time_ns() - started_ns) < 10**6:
        pass
    closed = opened.close(n_tokens=10)
    readings = closed.readings
    assert json.loads(json.dumps(readings)) == readings
    before, after = readings["before"], readings["after"]
    assert before.keys() == after.keys() >= {"monotonic_ns", "cpus", *COUNTERS}
    assert before["cpus"] == after["cpus"] == list(cpus)
    assert before["monotonic_ns"] < after["monotonic_ns"]
    assert used_ns <= readings["own_cpu_ns"]
    assert readings["involuntary_switches"] >= 0
    told = disturbances(before, after, readings["own_cpu_ns"], 1, readings["involuntary_switches"])
    assert all(isinstance(text, str) for text in told)


def test_threads_are_told_by_what_they_used_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([{"1 main": 5, "2 pool": 7}, {"1 main": 9, "2 pool": 7, "3 new": 2}])
    monkeypatch.setattr(surroundings, "thread_cpu_ns", lambda: next(readings))
    assert Surroundings([], 1).close(1).thread_cpu_ns == {"1 main": 4, "2 pool": 0, "3 new": 2}


def test_looks_between_answers_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [Moment([3.70111, 3.6], [3.614, 2.2]), Moment([3.7, 3.7], [3.6, 3.6])]
    assert looked(moments, monkeypatch) == Probes([[3.701, 3.6], [3.7, 3.7]], [[3.61, 2.2], [3.6, 3.6]])


@pytest.mark.parametrize("moments", [[None], [Moment([3.7], [3.6]), None, Moment([3.7], [3.6])]])
def test_what_was_not_seen_once_is_not_told(moments: list[Moment | None], monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry belongs to an answer by its number."""
    assert looked(moments, monkeypatch) is None


def looked(moments: list[Moment | None], monkeypatch: pytest.MonkeyPatch) -> Probes | None:
    """Probes of a window in which these moments were seen."""

    class Seen:
        def __init__(self, cpus: list[int], threads: int) -> None:
            self.left = list(moments)

        def look(self) -> Moment | None:
            return self.left.pop(0)

        def close(self) -> None:
            pass

    monkeypatch.setattr(surroundings, "Watch", Seen)
    opened = Surroundings([], 2)
    for _ in moments:
        opened.look()
    return opened.close(1).probes


def test_switches_of_who_looks_are_nobodys_disturbance(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([100, 110, 150, 151])
    monkeypatch.setattr(surroundings, "_involuntary_switches", lambda: next(counts))
    opened = Surroundings([], 1)
    opened.look()
    assert opened.close(1).readings["involuntary_switches"] == 11


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({"intel-rapl:0": 9_000_000}, Energy(0.5, "rapl")),
        ({"intel-rapl:0": 4_000_000}, Energy()),
        ({}, Energy()),
    ],
)
def test_energy_is_that_of_a_token(after: dict[str, int], expected: Energy, monkeypatch: pytest.MonkeyPatch) -> None:
    readings = itertools.chain([{"intel-rapl:0": 4_000_000}], itertools.repeat(after))
    monkeypatch.setattr(surroundings, "read_energy", lambda: next(readings))
    assert Surroundings([], 1).close(10).energy == expected


def test_involuntary_switches_are_those_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([100, 103])
    monkeypatch.setattr(surroundings, "_involuntary_switches", lambda: next(counts))
    assert Surroundings([], 1).close(1).readings["involuntary_switches"] == 3
