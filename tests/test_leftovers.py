"""The guards that every test runs under see what they are there to see."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests import leftovers
from tests.leftovers import files, no_file_left, nothing_left, running

SLEEP = "import time; time.sleep(60)"
ORPHAN = f"from subprocess import *; import sys; print(Popen([sys.executable, '-c', '{SLEEP}'], stdout=DEVNULL).pid)"


@pytest.fixture(autouse=True)
def _in_no_hurry_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "GRACE_S", 0.1)


def test_a_process_that_runs_on_is_named_and_killed() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"process \d+, now killed: .*time\.sleep\(60\)"), nothing_left():
        process = subprocess.Popen([sys.executable, "-c", SLEEP])
    assert not psutil.pid_exists(process.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="orphans are adopted by Linux's subreapers alone")
def test_so_is_one_whose_parent_has_ended() -> None:
    with pytest.raises(pytest.fail.Exception, match="now killed"), nothing_left():
        done = subprocess.run([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, text=True, check=True)
    assert int(done.stdout) not in [process.pid for process in running()]


def test_processes_that_end_or_were_there_before_are_no_fault() -> None:
    with subprocess.Popen([sys.executable, "-c", SLEEP]) as process:
        with nothing_left():
            subprocess.run([sys.executable, "-c", ""], check=True)
        assert psutil.Process(process.pid).is_running()
        process.kill()


def test_another_working_directory_is_named_and_left(tmp_path: Path) -> None:
    before = Path.cwd()
    with pytest.raises(pytest.fail.Exception, match=f"working directory {tmp_path}"), nothing_left():
        os.chdir(tmp_path)
    assert Path.cwd() == before


def test_a_removed_working_directory_is_left(tmp_path: Path) -> None:
    before = Path.cwd()
    gone = tmp_path / "gone"
    gone.mkdir()
    guard = nothing_left()
    guard.__enter__()
    os.chdir(gone)
    gone.rmdir()
    with pytest.raises(pytest.fail.Exception, match=r"working directory \(removed\)"):
        guard.__exit__(None, None, None)
    assert Path.cwd() == before


def test_a_new_file_is_named_unless_a_tool_keeps_it_there(tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    with no_file_left(tmp_path):
        (tmp_path / "__pycache__").mkdir()
        (tmp_path / "__pycache__" / "a.pyc").touch()
    (tmp_path / "outputs").mkdir()
    with pytest.raises(pytest.fail.Exception, match=r"left in the checkout: .*outputs/a\.json"), no_file_left(tmp_path):
        (tmp_path / "outputs" / "a.json").touch()


def test_the_checkout_is_what_is_looked_at() -> None:
    assert str(Path(__file__)) in files()
