"""DRAM's bandwidth is measured once for each number of threads of a sweep, and stands in each of its records."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from smjax.core.records.answer import Answer, Bandwidth
from smjax.core.records.document import load_record
from smjax.core.records.record import Record
from smjax.core.records.request import Request
from smjax.sweep.process.launcher import Launcher, OnPhase, Outcome
from smjax.sweep.run import dram
from tests.sweep.conftest import Handed
from tests.sweep.plan.plans import ONE as SCENARIO
from tests.sweep.points import chosen

Run = Callable[..., int]
Fake = Callable[[str], None]
ONE = chosen(SCENARIO)
FAILED = Outcome("killed", "out of memory?", 1)


class Memory:
    """A launcher that answers for memory itself: `outcome`, or 10 GB/s for the first question, 20 for the second, …"""

    def __init__(self, launcher: Launcher, outcome: Outcome | None = None) -> None:
        self.launcher, self.outcome = launcher, outcome
        self.asked: list[Request] = []

    def run(self, request: Request, timeout_s: float, on_phase: OnPhase = lambda phase: None) -> Outcome:
        if request.task != "dram":
            return self.launcher.run(request, timeout_s, on_phase)
        self.asked.append(request)
        return self.outcome or Outcome("ok", "", 1, Answer(read_bandwidth=Bandwidth(len(self.asked) * 1e10, 2**28)))


@pytest.fixture
def memory(handed: Handed, fake_worker: Fake, monkeypatch: pytest.MonkeyPatch) -> Memory:
    """What is asked of memory while workers are fake ones; there is a library."""
    monkeypatch.setattr(dram, "library", lambda: True)
    fake_worker("ok")
    handed.launcher = found = Memory(handed.launcher)
    return found


def records_of(folder: Path) -> list[Record]:
    return [load_record(path) for path in sorted(folder.glob("*.json"))]


def test_it_is_in_each_record_by_the_number_of_threads(run_job: Run, memory: Memory, records: Path) -> None:
    assert run_job("-m", "threads=1,2", "label=a,b", "measure=quick", "hydra.sweep.dir=run") == 0
    asked = [request.resolved.scenario.threads for request in memory.asked]
    assert sorted(asked) == [1, 2]
    expected = {threads: Bandwidth((place + 1) * 1e10, 2**28) for place, threads in enumerate(asked)}
    found = records_of(records)
    assert len(found) == 4
    assert all(record.dram == expected[record.scenario.threads] for record in found)


def test_a_sweep_that_goes_on_measures_it_again_and_is_the_same_sweep(
    run_job: Run, memory: Memory, records: Path
) -> None:
    for replicates in (1, 2, 2):
        assert run_job(f"measure.replicates={replicates}", "measure.budget_s=0", "hydra.run.dir=run") == 0
    assert len(memory.asked) == 2, "nothing was left to measure the third time"
    found = sorted(records_of(records), key=lambda record: record.replicate)
    assert [record.dram and record.dram.bytes_per_s for record in found] == [1e10, 2e10]
    assert len({record.identity for record in found}) == 1


def test_a_failure_is_said_once_and_costs_nothing(
    run_job: Run, memory: Memory, records: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    memory.outcome = FAILED
    assert run_job("-m", "threads=1,2", "measure=quick", "hydra.sweep.dir=run") == 0
    said = "smjax: the bandwidth of DRAM is not known: killed: out of memory?"
    assert capfd.readouterr().err.splitlines().count(said) == 1
    assert [(record.status, record.dram) for record in records_of(records)] == [("ok", None)] * 2


def test_nothing_is_asked_without_the_library(
    run_job: Run, memory: Memory, records: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dram, "library", lambda: None)
    assert run_job("measure=quick", "hydra.run.dir=run") == 0
    assert (memory.asked, [record.dram for record in records_of(records)]) == ([], [None])
    assert "DRAM" not in capfd.readouterr().err


def test_the_sweeps_own_interpreter_measures_it(memory: Memory) -> None:
    """Memory is the same for all of them, and another smjax may not know the task."""
    found = dram.Dram(memory, print)
    asked = dataclasses.replace(ONE, scenario=dataclasses.replace(ONE.scenario, python="/other/python"))
    found.of(asked, print)
    assert memory.asked[0].resolved.scenario.python is None
