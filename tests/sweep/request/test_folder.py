"""A default folder belongs to one run alone; only one that was named is gone on with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from smjax.sweep.request.folder import RunFolder
from smjax.sweep.request.literal import quoted
from tests.sweep.run_folder import rows

CLAIM = """
import sys
from pathlib import Path
from smjax.sweep.request.folder import RunFolder
print("ready", flush=True)
sys.stdin.readline()
for _ in range(25):
    print(RunFolder.fresh(Path("outputs/now")).path)
"""
Run = Callable[..., int]
Fake = Callable[[str], None]


@pytest.mark.slow
def test_processes_at_the_same_instant_never_share_a_folder(tmp_path: Path) -> None:
    command, pipe = [sys.executable, "-c", CLAIM], subprocess.PIPE
    processes = [subprocess.Popen(command, cwd=tmp_path, stdin=pipe, stdout=pipe, text=True) for _ in range(8)]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    claimed = [line for process in processes for line in process.communicate()[0].splitlines()]
    expected = {"outputs/now", *(f"outputs/now-{number}" for number in range(2, 201))}
    assert len(claimed) == 200
    assert set(claimed) == expected == {str(path.relative_to(tmp_path)) for path in tmp_path.glob("outputs/*")}


@pytest.fixture
def every_second_is_taken(empty_dir: Path) -> Path:
    """The default names of the next minutes, each by a run of somebody else's."""
    outputs = empty_dir / "outputs"
    for second in range(300):
        name = (datetime.now() + timedelta(seconds=second)).strftime("%Y-%m-%d_%H-%M-%S")
        (outputs / name).mkdir(parents=True)
        os.mkfifo(outputs / name / "multirun.yaml")
    return outputs


@pytest.mark.slow
@pytest.mark.parametrize("overrides", [("threads=1",), ("-m", "threads=1,2"), ("-m", "threads=1", "ctx=256,300")])
def test_a_taken_name_gets_a_number(
    overrides: tuple[str, ...], every_second_is_taken: Path, run_job: Run, fake_worker: Fake
) -> None:
    fake_worker("ok")
    assert run_job(*overrides, "measure=quick") == 0
    used = [path for path in every_second_is_taken.iterdir() if (path / "records").exists()]
    assert [path.name[-2:] for path in used] == ["-2"]
    assert len(rows(used[0])) == (1 if overrides == ("threads=1",) else 2)


@pytest.mark.slow
def test_two_runs_of_one_second_do_not_share_records(
    empty_dir: Path, run_job: Run, fake_worker: Fake, capfd: pytest.CaptureFixture[str]
) -> None:
    """A configuration of the user's own gives all of them one default name."""
    (empty_dir / "conf" / "experiment").mkdir(parents=True)
    (empty_dir / "conf" / "experiment" / "now.yaml").write_text(
        "# @package _global_\nhydra:\n  run:\n    dir: outputs/now\n"
    )
    fake_worker("ok")
    for name in ("now", "now-2", "now-3"):
        assert run_job("-m", "experiment=now", "measure=quick", "--config-dir", str(empty_dir / "conf")) == 0
        assert f"outputs/{name}/records/" in capfd.readouterr().out
        assert len(list((empty_dir / "outputs" / name / "records").iterdir())) == 1


@pytest.mark.slow
@pytest.mark.parametrize("named", ["hydra.run.dir", "hydra.sweep.dir", "++hydra.sweep.dir"])
def test_a_named_folder_is_gone_on_with(
    named: str, empty_dir: Path, run_job: Run, fake_worker: Fake, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("ok")
    command = ("-m", "threads=1", "measure=quick", f"{named}=run")
    assert run_job(*command) == 0
    before = {path: path.stat().st_mtime_ns for path in (empty_dir / "run" / "records").iterdir()}
    assert run_job(*command) == 0
    assert {path: path.stat().st_mtime_ns for path in (empty_dir / "run" / "records").iterdir()} == before
    assert [path.name for path in empty_dir.iterdir()] == ["run"]


def test_a_refused_run_takes_its_fresh_folder_away(empty_dir: Path, run_job: Run) -> None:
    assert run_job("-m", "threads=1,0") == 2
    assert list(empty_dir.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused(
    empty_dir: Path, run_job: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    (empty_dir / "outputs").symlink_to("nowhere/else")
    assert run_job("threads=1") == 2
    said = capfd.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert [path.name for path in empty_dir.iterdir()] == ["outputs"]


@pytest.mark.parametrize("text", ["plain", "it's", "back\\slash", "back\\'quote", "ends\\", "a b,c=[d]{e}", "''"])
def test_a_path_is_quoted_for_hydra(text: str) -> None:
    override = OverridesParser.create().parse_override(f"hydra.run.dir={quoted(text)}")
    assert override.value() == text


def test_a_fresh_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    folder = RunFolder.fresh(tmp_path / "a" / "b")
    assert folder.path.is_dir()
    folder.undo()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["multirun.yaml", "records"])
def test_a_pipe_in_a_named_folder_is_not_waited_for(
    name: str, empty_dir: Path, run_job: Run, capfd: pytest.CaptureFixture[str]
) -> None:
    (empty_dir / "run").mkdir()
    os.mkfifo(empty_dir / "run" / name)
    assert run_job("-m", "threads=1,2", "hydra.sweep.dir=run") == 2
    said = capfd.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert said.err.startswith(f"smjax: run/{name}")
    assert (empty_dir / "run" / name).is_fifo()
