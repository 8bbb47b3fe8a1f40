"""A sweep on a folder that has records already: what counts stays, what is missing is measured, nothing is lost."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from smjax.core.records.document import canonical_json, load_record
from smjax.core.records.request import Request
from smjax.sweep.process.launcher import Launcher, OnPhase, Outcome
from tests.sweep.conftest import Handed
from tests.sweep.processes import PATIENCE_S, fake_workers, wait_until
from tests.sweep.run_folder import contents, rows, slots

pytestmark = pytest.mark.slow

Run = Callable[..., int]
Fake = Callable[[str], None]
SWEEP = ("-m", "threads=1,2", "measure.replicates=2", "measure.budget_s=0", "hydra.sweep.dir=run")
START, WORKER, RECORD, END = "start", "worker", "record", "end"
"""What a moment comes shortly after: the supervisor's start, that of a worker, a record, the last record."""


class Watched:
    """A launcher that notes what measuring workers were asked, and lets something else happen to the n-th."""

    def __init__(self, launcher: Launcher, others: dict[int, Launcher] | None = None) -> None:
        self.launcher, self.others = launcher, others or {}
        self.requests: list[Request] = []

    def run(self, request: Request, timeout_s: float, on_phase: OnPhase = lambda phase: None) -> Outcome:
        if request.task != "measure":
            return self.launcher.run(request, timeout_s, on_phase)
        self.requests.append(request)
        launcher = self.others.get(len(self.requests), self.launcher)
        return launcher.run(request, timeout_s, on_phase)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the fake worker has only the parent-death signal")
def test_a_sweep_that_is_killed_seven_times_ends_like_one_that_is_not(
    supervisor: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    sweep = ("-m", "threads=1,2,3", "measure.replicates=4", "measure.budget_s=0")
    undisturbed = supervisor("slow", *sweep)
    output, errors = undisturbed.communicate(timeout=PATIENCE_S)
    assert undisturbed.returncode == 0, errors
    (tmp_path / "run").rename(tmp_path / "undisturbed")
    records, kept = tmp_path / "run" / "records", {}
    random_ = random.Random(6)
    for moment in [*random_.sample([START, WORKER, RECORD] * 2, 6), END]:
        kill_shortly_after(moment, supervisor("slow", *sweep), tmp_path / "pid", records, random_)
        wait_until(lambda: not fake_workers(tmp_path / "pid"))
        assert kept.items() <= contents(records).items()
        kept = contents(records)
    last = supervisor("slow", *sweep)
    assert last.communicate(timeout=PATIENCE_S)[0] == output
    assert last.returncode == 0
    assert kept.items() <= contents(records).items()
    assert slots(records) == [(threads, replicate, 0, "ok") for threads in (1, 2, 3) for replicate in range(4)]
    assert rows(tmp_path / "run") == rows(tmp_path / "undisturbed")
    assert not fake_workers(tmp_path / "pid")


def kill_shortly_after(
    moment: str, supervisor: subprocess.Popen[str], pid_file: Path, records: Path, random_: random.Random
) -> None:
    """Wait for the moment, and a random time of which few last as long as a worker."""
    before = len(contents(records))
    if moment == WORKER:
        pid_file.unlink(missing_ok=True)
    happened = {
        START: lambda: True,
        WORKER: pid_file.exists,
        RECORD: lambda: len(contents(records)) > before,
        END: lambda: len(contents(records)) == 12,
    }
    wait_until(lambda: happened[moment]() or supervisor.poll() is not None)
    time.sleep(random_.uniform(0, 1 if moment == START else 0.1))
    supervisor.kill()
    supervisor.wait()


@pytest.mark.slow
def test_a_complete_folder_is_only_reported_again(
    run_job: Run,
    fake_worker: Fake,
    records: Path,
    handed: Handed,
    capfd: pytest.CaptureFixture[str],
) -> None:
    fake_worker("ok")
    handed.launcher = watched = Watched(handed.launcher)
    assert run_job(*SWEEP) == 0
    before, summary, said = contents(records), (records.parent / "summary.csv").read_bytes(), capfd.readouterr().out
    assert len(watched.requests) == 4
    (records / ".half-written.json.1.tmp").write_text('{"id": ')
    assert run_job(*SWEEP) == 0
    assert len(watched.requests) == 4
    assert (contents(records), (records.parent / "summary.csv").read_bytes()) == (before, summary)
    told = "smjax: resuming: 4 of the folder's 4 records are processes of this sweep and stay\n"
    assert capfd.readouterr() == (said, told)


@pytest.mark.slow
def test_what_failed_stays_until_it_is_to_be_retried(run_job: Run, fake_worker: Fake, records: Path) -> None:
    fake_worker("by-threads")
    assert run_job(*SWEEP) == 1
    good, bad = [(1, 0, 0, "ok"), (1, 1, 0, "ok")], [(2, 0, 0, "failed"), (2, 1, 0, "failed")]
    assert slots(records) == good + bad
    before = contents(records)
    fake_worker("ok")
    assert run_job(*SWEEP) == 1
    assert contents(records) == before
    assert [row["status"] for row in rows(records.parent)] == ["ok", "failed"]
    assert run_job(*SWEEP, "retry_failed=true") == 0
    assert slots(records) == sorted([*good, *bad, (2, 0, 1, "ok"), (2, 1, 1, "ok")])
    assert before.items() <= contents(records).items()
    assert [row["status"] for row in rows(records.parent)] == ["ok", "ok"]


@pytest.mark.slow
def test_what_fails_again_can_be_retried_again_and_what_was_given_up_goes_on(
    run_job: Run, fake_worker: Fake, records: Path
) -> None:
    fake_worker("raises")
    sweep = ("measure.replicates=3", "measure.budget_s=0", "retry_failed=true", "hydra.run.dir=run")
    assert [run_job(*sweep) for _ in range(2)] == [1, 1]
    failed = [(1, replicate, attempt, "failed") for replicate in range(2) for attempt in range(2)]
    assert slots(records) == failed
    fake_worker("ok")
    assert [run_job(*sweep) for _ in range(2)] == [0, 0]
    assert slots(records) == sorted([*failed, (1, 0, 2, "ok"), (1, 1, 2, "ok"), (1, 2, 0, "ok")])


CUTS = {
    "cut": lambda whole: whole[: len(whole) // 2],
    "empty": lambda whole: b"",
    "garbage": lambda whole: bytes(range(256)),
    "no record": lambda whole: b"[]",
    "no samples": lambda whole: canonical_json({**json.loads(whole), "samples": [{}]}).encode(),
}


@pytest.mark.parametrize("cut", CUTS)
def test_a_broken_record_is_set_aside_and_its_slot_measured_again(
    cut: str, run_job: Run, fake_worker: Fake, records: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("ok")
    assert run_job("measure.replicates=4", "measure.budget_s=0", "hydra.run.dir=run") == 0
    before, summary = contents(records), rows(records.parent)
    path = sorted(records.iterdir())[2]
    path.write_bytes(broken := CUTS[cut](before[path.name]))
    capfd.readouterr()
    assert run_job("measure.replicates=4", "measure.budget_s=0", "hydra.run.dir=run") == 0
    set_aside, resuming, measured = capfd.readouterr().err.splitlines()
    aside = path.with_suffix(".unreadable")
    assert set_aside.startswith(f"smjax: run/records/{path.name}: ")
    assert set_aside.endswith(f"; set aside as {aside.name}")
    assert resuming == "smjax: resuming: 3 of the folder's 3 records are processes of this sweep and stay"
    assert measured.startswith("[1/1] ")
    after = contents(records)
    assert after.pop(aside.name) == broken
    assert after.keys() == before.keys()
    assert {name for name in before if before[name] != after[name]} == {path.name}
    assert rows(records.parent) == summary


@pytest.mark.slow
def test_a_full_disk_is_resumed_when_there_is_space(
    small_disk: Callable[[int], Path], run_job: Run, fake_worker: Fake
) -> None:
    disk = small_disk(2048)  # room for report.html, once there is
    sweep = ("-m", "threads=1,2", "measure.replicates=4", "measure.budget_s=0", f"hydra.sweep.dir={disk / 'run'}")
    (disk / "filler").write_bytes(bytes((2048 - 32) * 1024))
    fake_worker("ok")
    assert run_job(*sweep) == 1
    before = contents(disk / "run" / "records")
    assert 0 < len(before) < 8
    (disk / "filler").unlink()
    assert run_job(*sweep) == 0
    assert before.items() < contents(disk / "run" / "records").items()
    assert slots(disk / "run" / "records") == [
        (threads, replicate, 0, "ok") for threads in (1, 2) for replicate in range(4)
    ]


def test_a_killed_worker_is_recorded_and_can_be_retried(
    run_job: Run, fake_worker: Fake, records: Path, handed: Handed
) -> None:
    fake_worker("SIGKILL")
    killed = handed.launcher
    fake_worker("ok")
    handed.launcher = Watched(handed.launcher, {2: killed})
    assert run_job("measure.replicates=3", "measure.budget_s=0", "hydra.run.dir=run") == 1
    first = [(1, 0, 0, "ok"), (1, 1, 0, "killed"), (1, 2, 0, "ok")]
    assert slots(records) == first
    assert run_job("measure.replicates=3", "measure.budget_s=0", "hydra.run.dir=run", "retry_failed=true") == 0
    assert slots(records) == sorted([*first, (1, 1, 1, "ok")])
    (row,) = rows(records.parent)
    assert (row["status"], row["replicates"]) == ("ok", "3")


def test_a_sweep_that_goes_on_keeps_its_id_and_its_order_and_another_has_others(
    run_job: Run, fake_worker: Fake, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_worker("ok")
    monkeypatch.setenv("SMJAX_MACHINE", "runner-7")
    for folder, replicates in (("run", 1), ("run", 2), ("other", 1)):
        overrides = (f"measure.replicates={replicates}", "measure.budget_s=0", "label=tried once")
        assert run_job(*overrides, f"hydra.run.dir={folder}") == 0
    first, second = sorted(map(load_record, records.glob("*.json")), key=lambda record: record.replicate)
    (other,) = map(load_record, Path("other/records").glob("*.json"))
    assert first.run == second.run != other.run != ""
    orders = [one.order for one in (first, second, other) if one.order]
    seeds, blocks = [order.seed for order in orders], [order.block for order in orders]
    assert seeds[0] == seeds[1] != seeds[2]
    assert blocks == [0, 1, 0]
    assert {one.scenario.label for one in (first, second, other)} == {"tried once"}
    assert first.document["environment"]["machine"] == first.machine
