"""Whether a process had somebody unseen on its cores is judged by the machine's best, and is no disturbance."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from smjax.core.machine.disturbances import COUNTERS
from smjax.core.records.answer import Answer, Probes, Threads
from smjax.core.records.document import load_record
from smjax.core.records.request import Request
from smjax.sweep.process.launcher import Launcher, OnPhase, Outcome
from smjax.sweep.run.record import disturbances_of, had_company
from tests.sweep.conftest import Handed

READINGS = dict.fromkeys(COUNTERS)
AROUND = {
    "before": {**READINGS, "monotonic_ns": 0, "cpus": [0, 1]},
    "after": {**READINGS, "monotonic_ns": 10**9, "cpus": [0, 1]},
    "own_cpu_ns": 10**9,
    "involuntary_switches": 0,
}
ALWAYS, NEVER = [[3.6, 2.2]] * 9, [[3.6, 3.5]] * 9
A_FIFTH, MORE = [*ALWAYS[:2], *NEVER[:8]], [*ALWAYS[:3], *NEVER[:7]]


def answer(moments: list[list[float]]) -> Answer:
    return Answer(readings=AROUND, probes=Probes(additions_per_cycle=moments), threads=Threads([0, 1]))


@pytest.mark.parametrize(
    ("moments", "best", "expected"),
    [
        (ALWAYS, 3.6, True),
        (A_FIFTH, 3.6, False),
        (MORE, 3.6, True),
        (NEVER, 3.6, False),
        (NEVER, 5.0, True),
        (ALWAYS, None, False),
    ],
)
def test_it_takes_one_core_often_and_a_best(moments: list[list[float]], best: float | None, expected: bool) -> None:
    assert had_company(answer(moments), best) is expected


@pytest.mark.parametrize("moments", [ALWAYS, MORE, NEVER])
def test_whoever_is_chosen_by_a_state_says_nothing_of_how_often_it_is_there(moments: list[list[float]]) -> None:
    assert disturbances_of(answer(moments), 2) == []


def test_nothing_is_known_without_probes_or_readings() -> None:
    assert not had_company(Answer(readings=AROUND), 3.6)
    assert not had_company(Answer(), 3.6)
    assert disturbances_of(Answer(), 2) == []


class Looking:
    """A launcher whose workers run on `cpus`, whose cores do this at each moment."""

    def __init__(self, launcher: Launcher, cpus: list[int]) -> None:
        self.launcher, self.cpus = launcher, cpus
        self.moments: list[list[float]] = []

    def run(self, request: Request, timeout_s: float, on_phase: OnPhase = lambda phase: None) -> Outcome:
        outcome = self.launcher.run(request, timeout_s, on_phase)
        outcome.answer.threads = Threads(self.cpus)
        outcome.answer.probes = Probes(additions_per_cycle=self.moments)
        return outcome


@pytest.fixture
def bests(
    handed: Handed, fake_worker: Callable[[str], None], run_job: Callable[..., int], records: Path
) -> Callable[..., list[float | None]]:
    """The bests that processes were judged by, once one more has run on a machine and at moments as told."""
    fake_worker("ok")
    handed.launcher = looking = Looking(handed.launcher, cpus=[0])
    host = handed.environment()

    def after(*overrides: str, machine: str, moments: list[list[float]]) -> list[float | None]:
        handed.environment = lambda: {**host, "machine": machine}
        looking.moments = moments
        replicates = sum(load_record(path).machine == machine for path in records.glob("*.json")) + 1
        assert run_job(f"measure.replicates={replicates}", "measure.budget_s=0", "hydra.run.dir=run", *overrides) == 0
        found = sorted(map(load_record, records.glob("*.json")), key=lambda record: record.date)
        return [record.readings.best_additions_per_cycle for record in found]

    return after


@pytest.mark.parametrize(
    ("before", "now", "best"), [("", "", 3.6), ("mine", "mine", 3.6), ("mine", "yours", 2.2), ("", "mine", 2.2)]
)
def test_a_sweep_that_goes_on_knows_what_its_records_know(
    before: str, now: str, best: float, bests: Callable[..., list[float | None]]
) -> None:
    """Too few moments to be kept beside the machine's id, or there is none: a neighbour has come since then to stay."""
    assert bests(machine=before, moments=[[3.6]] * 5) == [3.6]
    assert bests(machine=now, moments=[[2.2]] * 5) == [3.6, best]


def test_of_more_threads_than_cores_nothing_is_learnt(bests: Callable[..., list[float | None]]) -> None:
    assert bests("threads=2", machine="", moments=[[3.6]] * 5) == [None]
    assert bests("threads=2", machine="", moments=[[2.2]] * 5) == [None, None]
