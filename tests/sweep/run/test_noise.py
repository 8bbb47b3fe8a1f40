"""What is done about noise: disturbed processes are flagged and repeated, strict sweeps refused, handicaps told."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smjax.core.records.document import read_record
from smjax.doctor import Finding
from tests.sweep.conftest import Handed

Run = Callable[..., int]
Fake = Callable[[str], None]
QUIET = [Finding("governor", "ok", "performance"), Finding("turbo", "unknown", "not told here")]
TWICE = [(slot, attempt) for slot in range(5) for attempt in (0, 1)]
NOISY = [*QUIET, Finding("steal", "noisy", "4.1 %", "rent more"), Finding("load", "noisy", "3.0")]


def records_of(run_dir: Path) -> list[dict[str, Any]]:
    return [read_record(path) for path in sorted((run_dir / "records").iterdir())]


def test_disturbed_processes_are_flagged_and_repeated_once_each(
    run_job: Run, fake_worker: Fake, empty_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("steal")
    assert run_job("measure.replicates=5", "hydra.run.dir=run") == 0
    records = records_of(empty_dir / "run")
    assert sorted((r["replicate"], r["attempt"]) for r in records) == TWICE
    for record in records:
        assert "disturbed" in record["flags"]
        assert record["readings"]["disturbed"] == ["steal 50.0 %"]
        assert record["readings"]["after"]["steal_ms"] == [500]
        around = record["readings"]["around"]
        assert around["before"]["monotonic_ns"] < around["after"]["monotonic_ns"]
    (row,) = csv.DictReader((empty_dir / "run" / "summary.csv").read_text().splitlines())
    assert "disturbed" in row["flags"].split(";")
    assert row["replicates"] == "5"
    assert ", again: ok, " in capfd.readouterr().err
    assert run_job("measure.replicates=5", "hydra.run.dir=run") == 0
    told = "smjax: resuming: 10 of the folder's 10 records are processes of this sweep and stay\n"
    assert capfd.readouterr().err == told


def test_a_repeat_that_is_undisturbed_stands_for_the_slot(run_job: Run, fake_worker: Fake, empty_dir: Path) -> None:
    fake_worker("steal")
    assert run_job("measure.replicates=5", "measure.budget_s=0", "hydra.run.dir=run") == 0
    fake_worker("ok")
    assert run_job("measure.replicates=5", "measure.budget_s=100", "hydra.run.dir=run") == 0
    flags = {(r["replicate"], r["attempt"]): r["flags"] for r in records_of(empty_dir / "run")}
    assert flags == {(slot, attempt): [] if attempt else ["disturbed"] for slot, attempt in TWICE}
    (row,) = csv.DictReader((empty_dir / "run" / "summary.csv").read_text().splitlines())
    assert (row["replicates"], "disturbed" in row["flags"]) == ("5", False)


def test_a_process_beside_somebody_unseen_is_told_and_not_repeated(
    run_job: Run, fake_worker: Fake, empty_dir: Path
) -> None:
    fake_worker("shared")
    assert run_job("measure.replicates=5", "hydra.run.dir=run") == 0
    records = records_of(empty_dir / "run")
    assert sorted((r["replicate"], r["attempt"]) for r in records) == [(slot, 0) for slot in range(5)]
    assert all(r["flags"] == ["core-shared"] and r["readings"]["disturbed"] == [] for r in records)
    (row,) = csv.DictReader((empty_dir / "run" / "summary.csv").read_text().splitlines())
    assert "core-shared" in row["flags"].split(";")
    assert (row["replicates"], row["processes_repeated"]) == ("5", "0")
    assert row["states"].startswith("shared 100 %")


def test_a_look_has_no_time_for_repeats(run_job: Run, fake_worker: Fake, empty_dir: Path) -> None:
    fake_worker("steal")
    assert run_job("measure=quick", "hydra.run.dir=run") == 0
    (record,) = records_of(empty_dir / "run")
    assert (record["attempt"], record["flags"]) == (0, ["disturbed"])


def test_a_handicap_is_flagged_in_every_record_and_row(run_job: Run, fake_worker: Fake, empty_dir: Path) -> None:
    fake_worker("by-threads")
    assert run_job("-m", "threads=1,2", "measure=quick", "measure.handicap=0.05", "hydra.sweep.dir=run") == 1
    records = records_of(empty_dir / "run")
    assert {record["status"]: record["flags"] for record in records} == {"ok": ["handicap"], "failed": ["handicap"]}
    assert {record["scenario"]["measure"]["handicap"] for record in records} == {0.05}
    rows = csv.DictReader((empty_dir / "run" / "summary.csv").read_text().splitlines())
    assert [row["flags"] for row in rows] == ["handicap", "handicap"]


def test_a_strict_sweep_is_refused_on_a_noisy_machine(
    run_job: Run, handed: Handed, empty_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    handed.examine = lambda seconds: NOISY
    assert run_job("measure.strict=true", "hydra.run.dir=run") == 2
    assert capfd.readouterr() == (
        "",
        "smjax: measure.strict: expected a quiet machine, found steal: 4.1 %; load: 3.0; "
        "see smjax doctor, or leave it out\n",
    )
    assert list(empty_dir.iterdir()) == []


def test_a_strict_sweep_runs_on_a_quiet_machine(
    run_job: Run, fake_worker: Fake, handed: Handed, empty_dir: Path
) -> None:
    fake_worker("ok")
    handed.examine = lambda seconds: QUIET
    assert run_job("measure.strict=true", "measure=quick", "hydra.run.dir=run") == 0
    (record,) = records_of(empty_dir / "run")
    assert record["scenario"]["measure"]["strict"] is True


def test_any_other_sweep_is_told_and_measures(
    run_job: Run, fake_worker: Fake, handed: Handed, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("ok")
    handed.examine = lambda seconds: NOISY if seconds < 1 else pytest.fail("takes a second")
    assert run_job("measure=quick", "hydra.run.dir=run") == 0
    assert capfd.readouterr().err.splitlines()[0] == (
        "smjax: this machine is not quiet (steal: 4.1 %; load: 3.0): figures will be lower or spread; "
        "see smjax doctor, or wait"
    )
