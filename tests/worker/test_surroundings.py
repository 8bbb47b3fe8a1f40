"""What a worker says of the time in which it was measured."""

from __future__ import annotations

import itertools
import json
import time

import pytest

from smjax.core.machine.disturbances import COUNTERS, disturbances
from smjax.core.machine.host import pick_cpus
from smjax.core.records.answer import Energy
from smjax.worker import surroundings
from smjax.worker.surroundings import Surroundings


def test_a_window_holds_what_the_supervisor_judges_by() -> None:
    cpus = pick_cpus(1)
    opened, started_ns = Surroundings(cpus), time.process_time_ns()
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
    assert Surroundings([]).close(1).thread_cpu_ns == {"1 main": 4, "2 pool": 0, "3 new": 2}


def test_looks_between_answers_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([3.614, 2.2, None])
    monkeypatch.setattr(surroundings, "additions_per_cycle", lambda: next(readings))
    opened = Surroundings([])
    for _ in range(3):
        opened.look()
    assert opened.close(1).readings["additions_per_cycle"] == [3.61, 2.2]


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
    assert Surroundings([]).close(10).energy == expected


def test_involuntary_switches_are_those_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([100, 103])
    monkeypatch.setattr(surroundings, "_involuntary_switches", lambda: next(counts))
    assert Surroundings([]).close(1).readings["involuntary_switches"] == 3
