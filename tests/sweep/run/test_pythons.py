"""Workers of several interpreters in one sweep: records say what theirs had, and each counts for itself alone."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smjax.core.engines.introduction import introduce
from smjax.core.native_library import library_path
from smjax.core.records.document import load_record
from smjax.core.records.hello import Hello
from smjax.core.records.record import Record
from smjax.core.records.request import VERSION
from tests.small_llama import write_llama
from tests.sweep.conftest import Handed, environment_once
from tests.sweep.processes import interpreter
from tests.test_imports import SOURCE

Run = Callable[..., int]
Fake = Callable[[str], None]
QUICK = ("measure=quick", "hydra.sweep.dir=run")


class Interpreters:
    """What those of a test say of themselves, by name: at first that they are like ours."""

    def __init__(self) -> None:
        self.said: dict[str, Hello] = {}
        self.asked: list[str] = []

    def hello(self, python: str, engines: Sequence[str]) -> Hello:
        self.asked.append(Path(python).name)
        return self.said.get(Path(python).name) or introduce(environment_once(), engines)

    def change(self, name: str, **changes: Any) -> None:
        found = self.said.get(name) or introduce(environment_once(), ["smjax"])
        self.said[name] = replace(found, **changes)


@pytest.fixture
def there(handed: Handed, fake_worker: Fake, empty_dir: Path) -> Interpreters:
    """Two, `old` and `new`; the fake worker measures."""
    fake_worker("ok")
    for name in ("old", "new"):
        interpreter(empty_dir, "exit 1", name)
    found = Interpreters()
    handed.hello = found.hello
    return found


def packages(**changes: str | None) -> dict[str, str | None]:
    return {**environment_once()["packages"], **changes}


def measured(records: Path) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {"old": [], "new": []}
    for record in map(load_record, sorted(records.glob("[!.]*.json"))):
        found[Path(record.scenario.python or "").name].append(record)
    return found


@pytest.mark.slow
def test_a_record_says_what_its_own_interpreter_had(run_job: Run, there: Interpreters, records: Path) -> None:
    older = packages(jaxlib="0.9.2", numpy="2.3.0", smjax="0.0.9")
    there.change("old", smjax="0.0.9", python="3.12.1", packages=older, git={"commit": "c0ffee", "dirty": True})
    assert run_job("-m", "python=./old,./new", "kernel=xla", *QUICK) == 0
    assert there.asked == ["old", "new"]
    ((old,), (new,)) = measured(records).values()
    ours = environment_once()
    said = old.document["environment"]
    assert (old.smjax, said["python"], said["git"]) == ("0.0.9", "3.12.1", {"commit": "c0ffee", "dirty": True})
    kept = {"jax": ours["packages"]["jax"], "jaxlib": "0.9.2", "numpy": "2.3.0", "smjax": "0.0.9"}
    assert said["packages"] == kept
    said = new.document["environment"]
    assert (said["python"], said["git"], said["cpu"]) == (ours["python"], ours["git"], ours["cpu"])
    parts = {name for name in old.identity_parts if old.identity_parts[name] != new.identity_parts[name]}
    assert parts == {"settings", "python", "jaxlib", "numpy"}
    assert old.model.hash == new.model.hash


@pytest.mark.slow
def test_an_interpreter_that_has_changed_is_measured_anew_and_the_other_is_not(
    run_job: Run, there: Interpreters, records: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sweep = ("-m", "python=./old,./new", "kernel=xla", *QUICK)
    assert run_job(*sweep) == 0
    there.change("new", packages=packages(jaxlib="0.0.1"))
    capfd.readouterr()
    assert run_job(*sweep) == 0
    assert capfd.readouterr().err.splitlines()[:2] == [
        "smjax: resuming: 1 of the folder's 2 records are processes of this sweep and stay",
        "smjax: starting anew beside earlier records of the same scenarios, as other than then: jaxlib",
    ]
    found = measured(records)
    assert (len(found["old"]), len(found["new"])) == (1, 2)


def test_one_that_is_not_understood_stops_the_sweep_before_it_begins(
    run_job: Run, handed: Handed, fake_worker: Fake, empty_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("ok")
    python = interpreter(empty_dir, "echo hello")
    assert run_job("-m", f"python={sys.executable},./python", *QUICK) == 2
    said = "expected an interpreter with smjax, found another program, which says 'hello'"
    assert capfd.readouterr().err == f"smjax: python={python}: {said}\n"
    assert [path.name for path in empty_dir.iterdir()] == ["python"]


def test_whoever_gets_another_kernel_in_one_of_them_is_told(
    run_job: Run, there: Interpreters, capfd: pytest.CaptureFixture[str], empty_dir: Path
) -> None:
    ours = introduce(environment_once(), ["smjax"]).engines["smjax"]
    without = {**ours.kernels, "native": replace(ours.kernels["native"], isas=(), missing="no compiler")}
    there.change("old", engines={"smjax": replace(ours, kernels=without)})
    assert run_job("python=./old", *QUICK[:1], "hydra.run.dir=run") == 0
    told = (
        f"smjax: kernel: using xla, not native in {empty_dir / 'old'}, which decodes about twice as fast: no compiler"
    )
    assert capfd.readouterr().err.splitlines()[0] == told


# From here on with real workers, and an interpreter with another smjax.


@pytest.fixture
def another(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of smjax, called 9.9.9, beside the interpreter `python` that has it."""
    folder = tmp_path_factory.mktemp("another")
    shutil.copytree(SOURCE, folder / "smjax", ignore=shutil.ignore_patterns("__pycache__", "lib"))
    if (library := library_path()) is not None:
        (folder / "smjax" / "lib").mkdir()
        shutil.copy(library, folder / "smjax" / "lib")
    (folder / "smjax-9.9.9.dist-info").mkdir()
    (folder / "smjax-9.9.9.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: smjax\nVersion: 9.9.9\n")
    packages = Path(np.__file__).parents[1]
    # -S: without what an editable installation leaves behind, which would bring the checkout's own smjax.
    interpreter(folder, f'PYTHONPATH={folder}:{packages} exec {sys.executable} -S "$@"')
    return folder


@pytest.mark.slow
def test_two_versions_of_smjax_are_measured_in_one_sweep(run_job: Run, another: Path, records: Path) -> None:
    with (another / "smjax" / "worker" / "timing.py").open("a") as file:
        file.write("# another one\n")
    write_llama(Path("model.gguf"))
    short = ("model=model.gguf", "ctx=16", "n_gen=4", "measure.iterations=2", *QUICK)
    assert run_job("-m", f"python={sys.executable},{another / 'python'}", *short) == 0
    found = {record.scenario.python: record for record in map(load_record, records.glob("[!.]*.json"))}
    ours, theirs = found[sys.executable], found[str(another / "python")]
    assert (ours.status, theirs.status, theirs.smjax) == ("ok", "ok", "9.9.9")
    assert ours.smjax == environment_once()["packages"]["smjax"]
    assert theirs.document["environment"]["git"] == {"commit": None, "dirty": None}
    parts = {name for name in ours.identity_parts if ours.identity_parts[name] != theirs.identity_parts[name]}
    assert parts == {"settings", "smjax's files"}
    assert (ours.ids, ours.model.hash) == (theirs.ids, theirs.model.hash)
    rows = list(csv.DictReader((records.parent / "summary.csv").read_text().splitlines()))
    assert sorted(row["smjax"] for row in rows) == sorted([ours.smjax, "9.9.9"])


@pytest.mark.slow
def test_a_smjax_of_another_version_of_the_border_is_refused_by_its_name(
    run_job: Run, another: Path, empty_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    request = another / "smjax" / "core" / "records" / "request.py"
    request.write_text(request.read_text().replace(f"\nVERSION = {VERSION}\n", f"\nVERSION = {VERSION + 1}\n"))
    assert run_job(f"python={another / 'python'}", "hydra.run.dir=run") == 2
    said = f"expected an answer of version {VERSION}, found {VERSION + 1} of smjax 9.9.9"
    refused = f"smjax: python={another / 'python'}: {said}; install one smjax for both sides\n"
    assert capfd.readouterr().err == refused
    assert list(empty_dir.iterdir()) == []
