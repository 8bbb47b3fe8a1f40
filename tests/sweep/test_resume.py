"""A sweep on a folder that has records already: what counts stays, what is missing is measured, nothing is lost."""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import smjax.sweep.execute as execute_module
from smjax.core.record import canonical_json, read_record
from smjax.sweep import identity, prepare
from smjax.sweep.launcher import Outcome, run_worker
from tests.small_llama import write_llama
from tests.sweep.processes import PATIENCE_S, fake_workers, wait_until

Run = Callable[..., int]
Fake = Callable[[str], None]
SWEEP = ("-m", "threads=1,2", "measure.replicates=2", "hydra.sweep.dir=run")
MODEL = ("model=gguf", "model.path=model.gguf", "ctx=16", "n_gen=4", "hydra.run.dir=run")
START, WORKER, RECORD, END = "start", "worker", "record", "end"
"""What a moment comes shortly after: the supervisor's start, that of a worker, a record, the last record."""


@pytest.fixture
def records(empty_dir: Path) -> Path:
    """The folder of the records."""
    return empty_dir / "run" / "records"


def contents(folder: Path) -> dict[str, bytes]:
    """Every record's file; hidden ones are unfinished writes."""
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*")}


def slots(folder: Path) -> list[tuple[int, int, int, str]]:
    """Threads, replicate, attempt and status of each record."""
    found = [read_record(path) for path in folder.glob("[!.]*.json")]
    assert len({record["id"] for record in found}) == len(found)
    return sorted((r["scenario"]["threads"], r["replicate"], r["attempt"], r["status"]) for r in found)


def rows(run_dir: Path) -> list[dict[str, str]]:
    """The summary without what differs from day to day."""
    lines = list(csv.DictReader((run_dir / "summary.csv").read_text().splitlines()))
    return [{name: value for name, value in line.items() if name != "date"} for line in lines]


@pytest.fixture
def count_workers(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The tasks of all measuring workers."""
    tasks: list[dict[str, Any]] = []

    def counted(task: dict[str, Any], **options: Any) -> Outcome:
        tasks.append(task)
        return run_worker(task, **options)

    monkeypatch.setattr(execute_module, "run_worker", counted)
    return tasks


@pytest.mark.skipif(sys.platform != "linux", reason="the fake worker has only the parent-death signal")
def test_a_sweep_that_is_killed_ten_times_ends_like_one_that_is_not(
    supervisor: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    sweep = ("-m", "threads=1,2,3", "measure.replicates=4")
    undisturbed = supervisor("slow", *sweep)
    output, errors = undisturbed.communicate(timeout=PATIENCE_S)
    assert undisturbed.returncode == 0, errors
    (tmp_path / "run").rename(tmp_path / "undisturbed")
    records, kept = tmp_path / "run" / "records", {}
    random_ = random.Random(6)
    for moment in [*random_.sample([START, WORKER, RECORD] * 3, 9), END]:
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


def test_a_complete_folder_is_only_reported_again(
    run_job: Run,
    fake_worker: Fake,
    records: Path,
    count_workers: list[dict[str, Any]],
    capfd: pytest.CaptureFixture[str],
) -> None:
    fake_worker("ok")
    assert run_job(*SWEEP) == 0
    before, summary, said = contents(records), (records.parent / "summary.csv").read_bytes(), capfd.readouterr().out
    assert len(count_workers) == 4
    (records / ".half-written.json.1.tmp").write_text('{"id": ')
    assert run_job(*SWEEP) == 0
    assert len(count_workers) == 4
    assert (contents(records), (records.parent / "summary.csv").read_bytes()) == (before, summary)
    told = "smjax: resuming: 4 of the folder's 4 records are processes of this sweep and stay\n"
    assert capfd.readouterr() == (said, told)


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


def test_what_fails_again_can_be_retried_again_and_what_was_given_up_goes_on(
    run_job: Run, fake_worker: Fake, records: Path
) -> None:
    fake_worker("raises")
    sweep = ("measure.replicates=3", "retry_failed=true", "hydra.run.dir=run")
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
    assert run_job("measure.replicates=4", "hydra.run.dir=run") == 0
    before, summary = contents(records), rows(records.parent)
    path = sorted(records.iterdir())[2]
    path.write_bytes(broken := CUTS[cut](before[path.name]))
    capfd.readouterr()
    assert run_job("measure.replicates=4", "hydra.run.dir=run") == 0
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


def other_environment(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    host = {**prepare.environment(), **changed}
    monkeypatch.setattr(prepare, "environment", lambda: host)


def other_jaxlib(monkeypatch: pytest.MonkeyPatch) -> None:
    packages = prepare.environment()["packages"]
    other_environment(monkeypatch, packages={**packages, "jaxlib": "0.0.1"})


def other_weights(_: pytest.MonkeyPatch) -> None:
    whole = Path("model.gguf").read_bytes()
    Path("model.gguf").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))


CHANGES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "weights": other_weights,
    "smjax's files": lambda monkeypatch: monkeypatch.setattr(identity, "sources", lambda part="": ["changed"]),
    "jaxlib": other_jaxlib,
    "host": lambda monkeypatch: other_environment(monkeypatch, host="0123456789ab"),
}


@pytest.mark.parametrize("part", CHANGES)
def test_what_figures_depend_on_starts_anew_when_it_changes(
    part: str,
    run_job: Run,
    fake_worker: Fake,
    records: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    fake_worker("ok")
    write_llama(Path("model.gguf"))
    assert run_job(*MODEL, "measure=quick") == 0
    before = contents(records)
    CHANGES[part](monkeypatch)
    capfd.readouterr()
    assert run_job(*MODEL, "measure=quick") == 0
    assert capfd.readouterr().err.splitlines()[:2] == [
        "smjax: resuming: 0 of the folder's 1 records are processes of this sweep and stay",
        f"smjax: starting anew beside earlier records of the same scenarios, as other than then: {part}",
    ]
    assert before.items() < contents(records).items()
    assert slots(records) == [(1, 0, 0, "ok")] * 2
    assert [row["status"] for row in rows(records.parent)] == ["ok", "ok"]


@pytest.mark.parametrize("setting", ["iterations=7", "handicap=0.5"])
def test_settings_of_what_a_process_does_start_anew(
    setting: str, run_job: Run, fake_worker: Fake, records: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("ok")
    assert run_job("measure=quick", "hydra.run.dir=run") == 0
    before = contents(records)
    capfd.readouterr()
    assert run_job("measure=quick", "hydra.run.dir=run", f"measure.{setting}") == 0
    assert "as other than then: settings\n" in capfd.readouterr().err
    assert before.items() < contents(records).items()
    assert slots(records) == [(1, 0, 0, "ok")] * 2


def test_settings_of_how_often_do_not_start_anew(
    run_job: Run, fake_worker: Fake, records: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("ok")
    assert run_job("measure.replicates=2", "hydra.run.dir=run") == 0
    before = contents(records)
    others = ("measure.budget_s=9", "measure.target_ci=0.5", "measure.timeout_s=99")
    assert run_job("measure.replicates=4", *others, "hydra.run.dir=run") == 0
    assert slots(records) == [(1, replicate, 0, "ok") for replicate in range(4)]
    assert before.items() < contents(records).items()
    capfd.readouterr()
    assert run_job("measure.replicates=1", "hydra.run.dir=run") == 0
    told = "smjax: resuming: 4 of the folder's 4 records are processes of this sweep and stay\n"
    assert capfd.readouterr().err == told


def test_other_points_are_added_to_a_folder(run_job: Run, fake_worker: Fake, records: Path) -> None:
    fake_worker("ok")
    assert run_job("-m", "threads=1", "measure.replicates=2", "hydra.sweep.dir=run") == 0
    before = contents(records)
    assert run_job(*SWEEP) == 0
    assert before.items() < contents(records).items()
    assert slots(records) == [(threads, replicate, 0, "ok") for threads in (1, 2) for replicate in range(2)]


@pytest.mark.parametrize("setting", ["replicates=1,2", "target_ci=0.1,0.2", "timeout_s=50,60"])
def test_one_process_is_not_measured_for_two_points(
    setting: str, run_job: Run, fake_worker: Fake, empty_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Points that differ in nothing else would write the same records."""
    fake_worker("ok")
    assert run_job("-m", f"measure.{setting}", "hydra.sweep.dir=run") == 2
    name = setting.partition("=")[0]
    assert capfd.readouterr().err == (
        f"smjax: measure.{name}: expected one for the whole sweep, found several; do not sweep over it\n"
    )
    assert list(empty_dir.iterdir()) == []


def test_two_files_of_equal_content_are_one_model(
    run_job: Run, fake_worker: Fake, records: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("ok")
    write_llama(Path("a.gguf"))
    write_llama(Path("b.gguf"))
    sweep = ("-m", "model=gguf", "ctx=16", "n_gen=4", "measure.replicates=2", "hydra.sweep.dir=run")
    assert run_job(*sweep, "model.path=a.gguf,b.gguf") == 0
    assert slots(records) == [(1, 0, 0, "ok"), (1, 1, 0, "ok")]
    told = "smjax: b.gguf threads=1 ctx=16 n_gen=4: measured once, as it is the same as a.gguf threads=1 ctx=16 n_gen=4"
    assert capfd.readouterr().err.splitlines()[0] == told
    Path("b.gguf").rename("c.gguf")
    assert run_job(*sweep, "model.path=c.gguf") == 0
    assert slots(records) == [(1, 0, 0, "ok"), (1, 1, 0, "ok")]


def test_a_full_disk_is_resumed_when_there_is_space(
    small_disk: Callable[[int], Path], run_job: Run, fake_worker: Fake
) -> None:
    disk = small_disk(128)
    sweep = ("-m", "threads=1,2", "measure.replicates=4", f"hydra.sweep.dir={disk / 'run'}")
    (disk / "filler").write_bytes(bytes(96 * 1024))
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
    run_job: Run, fake_worker: Fake, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def second_is_killed(task: dict[str, Any], **options: Any) -> Outcome:
        started.append(task)
        fake_worker("SIGKILL" if len(started) == 2 else "ok")
        return run_worker(task, **options)

    fake_worker("ok")
    monkeypatch.setattr(execute_module, "run_worker", second_is_killed)
    assert run_job("measure.replicates=3", "hydra.run.dir=run") == 1
    first = [(1, 0, 0, "ok"), (1, 1, 0, "killed"), (1, 2, 0, "ok")]
    assert slots(records) == first
    assert run_job("measure.replicates=3", "hydra.run.dir=run", "retry_failed=true") == 0
    assert slots(records) == sorted([*first, (1, 1, 1, "ok")])
    (row,) = rows(records.parent)
    assert (row["status"], row["replicates"]) == ("ok", "3")
