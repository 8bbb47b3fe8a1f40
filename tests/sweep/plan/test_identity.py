"""What makes processes replicates of each other: records of another identity stay, and do not count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smjax.core.engines import ENGINES, introduction
from smjax.core.records.document import read_record
from tests.small_llama import write_llama
from tests.sweep.conftest import Handed
from tests.sweep.run_folder import contents, rows, slots
from tests.test_imports import SOURCE, imported

Run = Callable[..., int]
Fake = Callable[[str], None]
MODEL = ("model=gguf", "model.path=model.gguf", "ctx=16", "n_gen=4", "hydra.run.dir=run")


def other_environment(handed: Handed, **changed: Any) -> None:
    host = {**handed.environment(), **changed}
    handed.environment = lambda: host


def other_jaxlib(handed: Handed, _: pytest.MonkeyPatch) -> None:
    other_environment(handed, packages={**handed.environment()["packages"], "jaxlib": "0.0.1"})


def other_files(_: Handed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(introduction, "_files", lambda engine: "changed")


def other_libraries(_: Handed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(introduction, "_libraries", lambda engine: "changed")


def other_weights(*_: object) -> None:
    whole = Path("model.gguf").read_bytes()
    Path("model.gguf").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))


CHANGES: dict[str, Callable[[Handed, pytest.MonkeyPatch], None]] = {
    "weights": other_weights,
    "smjax's files": other_files,
    "libraries": other_libraries,
    "python": lambda handed, _: other_environment(handed, python="3.99.0"),
    "jaxlib": other_jaxlib,
    "host": lambda handed, _: other_environment(handed, host="0123456789ab"),
    "machine": lambda handed, _: other_environment(handed, machine="its twin"),
}


@pytest.mark.parametrize("part", CHANGES)
def test_what_figures_depend_on_starts_anew_when_it_changes(
    part: str,
    handed: Handed,
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
    CHANGES[part](handed, monkeypatch)
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
    assert run_job("measure.replicates=5", "hydra.run.dir=run") == 0
    before = contents(records)
    others = ("measure.budget_s=9", "measure.target_ci=0.5", "measure.timeout_s=99")
    assert run_job("measure.replicates=6", *others, "hydra.run.dir=run") == 0
    assert slots(records) == [(1, replicate, 0, "ok") for replicate in range(6)]
    assert before.items() < contents(records).items()
    capfd.readouterr()
    assert run_job("measure.replicates=1", "hydra.run.dir=run") == 0
    told = "smjax: resuming: 6 of the folder's 6 records are processes of this sweep and stay\n"
    assert capfd.readouterr().err == told


def test_another_machine_of_the_type_counts_none_of_the_first_ones_and_the_first_all_of_its_own(
    run_job: Run, fake_worker: Fake, records: Path, handed: Handed
) -> None:
    fake_worker("ok")
    for machine, replicates in (("one", 1), ("other", 2), ("one", 2)):
        other_environment(handed, machine=machine)
        assert run_job(f"measure.replicates={replicates}", "measure.budget_s=0", "hydra.run.dir=run") == 0
    found = [read_record(path) for path in records.glob("[!.]*.json")]
    assert sorted((one["machine"], one["replicate"]) for one in found) == [
        (machine, replicate) for machine in ("one", "other") for replicate in (0, 1)
    ]
    assert [row["replicates"] for row in rows(records.parent)] == ["2", "2"]


def test_what_was_measured_under_another_label_is_measured_anew_and_said(
    run_job: Run, fake_worker: Fake, records: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("ok")
    assert run_job("measure=quick", "hydra.run.dir=run") == 0
    capfd.readouterr()
    for labels, counted, all_ in (("night", 0, 1), ("day", 0, 2), ("night", 1, 3)):
        assert run_job("measure=quick", "hydra.run.dir=run", f"label={labels}") == 0
        said = capfd.readouterr().err.splitlines()
        assert said[0].startswith(f"smjax: resuming: {counted} of the folder's {all_} records")
        assert counted or said[1].endswith("as other than then: label")
    assert sorted(row["label"] for row in rows(records.parent)) == ["", "day", "night"]


@pytest.mark.slow
def test_other_points_are_added_to_a_folder(run_job: Run, fake_worker: Fake, records: Path) -> None:
    fake_worker("ok")
    assert run_job("-m", "threads=1", "measure.replicates=2", "measure.budget_s=0", "hydra.sweep.dir=run") == 0
    before = contents(records)
    assert run_job("-m", "threads=1,2", "measure.replicates=2", "measure.budget_s=0", "hydra.sweep.dir=run") == 0
    assert before.items() < contents(records).items()
    assert slots(records) == [(threads, replicate, 0, "ok") for threads in (1, 2) for replicate in range(2)]


@pytest.mark.slow
def test_two_files_of_equal_content_are_one_model(
    run_job: Run, fake_worker: Fake, records: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("ok")
    write_llama(Path("a.gguf"))
    write_llama(Path("b.gguf"))
    twice = ("measure.replicates=2", "measure.budget_s=0")
    sweep = ("-m", "model=gguf", "ctx=16", "n_gen=4", *twice, "hydra.sweep.dir=run")
    assert run_job(*sweep, "model.path=a.gguf,b.gguf") == 0
    assert slots(records) == [(1, 0, 0, "ok"), (1, 1, 0, "ok")]
    told = "smjax: b.gguf threads=1 ctx=16 n_gen=4: measured once, as it is the same as a.gguf threads=1 ctx=16 n_gen=4"
    measuring, once, *_ = capfd.readouterr().err.splitlines()
    assert measuring.startswith("smjax: measuring a.gguf threads=1 ctx=16 n_gen=4, in 2 processes at least")
    assert once == told
    Path("b.gguf").rename("c.gguf")
    assert run_job(*sweep, "model.path=c.gguf") == 0
    assert slots(records) == [(1, 0, 0, "ok"), (1, 1, 0, "ok")]


WORDS = (
    *("core/records", "core/errors.py", "core/files.py", "core/nearest.py", "core/text.py"),
    *("__init__.py", "core/__init__.py"),
)
"""What measuring files may import that is not one: how things are named, told, opened and written."""


def file_of(name: str) -> Path:
    """Of the module that has the name, or that the name is in."""
    place = SOURCE.joinpath(*name.split(".")[1:])
    candidates = (place.with_suffix(".py"), place / "__init__.py", place.parent.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), place.parent / "__init__.py")


@pytest.mark.parametrize("engine", ENGINES)
def test_what_measures_imports_nothing_that_may_change_unseen(engine: str) -> None:
    files = introduction.measuring_files(ENGINES[engine])
    assert {SOURCE / "core" / "native_probe.py", SOURCE / "worker" / "surroundings.py"} <= {*files}
    needed = {file_of(name) for path in files for name in imported(path) if name.partition(".")[0] == "smjax"}
    unseen = (path.relative_to(SOURCE).as_posix() for path in needed - {*files})
    assert sorted(name for name in unseen if not name.startswith(WORDS)) == []
