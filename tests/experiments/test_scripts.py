"""The scripts find their modules and say what is wrong with a request."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXPERIMENTS / arguments[0]), *arguments[1:]]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_table_of_nothing_is_refused_in_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, "calibration.py", "table", "none.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "none.json: expected a sweep that has ended, found none; measure some first\n"


@pytest.mark.slow
def test_no_sweep_begins_that_has_no_time(tmp_path: Path) -> None:
    done = run(tmp_path, "calibration.py", "measure", "here", "--minutes", "-1")
    assert done.returncode == 2
    assert done.stderr == "here: expected a sweep that has ended, found none; measure some first\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_simulation_prints_tables_and_what_is_to_be_held(tmp_path: Path) -> None:
    done = run(tmp_path, "intervals.py", "--draws", "20", "--stopped", "20", "--pairs", "30")
    assert (done.returncode, done.stderr) == (0, "")
    headings = [block.splitlines()[0].split(" |")[0] for block in done.stdout.strip().split("\n\n")]
    assert len(headings) == 9
    assert headings[-1] == "| to be held"
