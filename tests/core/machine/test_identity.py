"""A machine's id is made once, by nobody twice, and is of no serial number."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smjax.core.machine.identity import VARIABLE, machine_id


@pytest.fixture(autouse=True)
def _unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_it_stays_and_differs_between_machines(tmp_path: Path) -> None:
    one, other = tmp_path / "one" / "state", tmp_path / "other"
    first = machine_id(one)
    assert len(first) == 12
    assert machine_id(one) == first
    assert machine_id(other) not in ("", first)
    assert [path.name for path in one.iterdir()] == ["machine"]


def test_many_at_once_make_one(tmp_path: Path) -> None:
    code = "import sys, pathlib, smjax.core.machine.identity as i; print(i.machine_id(pathlib.Path(sys.argv[1])))"
    command = [sys.executable, "-c", code, str(tmp_path)]
    several = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    found = {process.communicate()[0].strip() for process in several}
    assert found == {machine_id(tmp_path)}
    assert [path.name for path in tmp_path.iterdir()] == ["machine"]


def test_whoever_names_the_machine_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "runner-7")
    assert machine_id(tmp_path) == "runner-7"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "two words", "\x1b[31m", "x" * 65, "a/b"])
def test_a_name_that_is_none_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(VARIABLE, name)
    assert machine_id(tmp_path) == ""


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"x" * 1000])
def test_a_damaged_file_is_unknown_and_stays(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "machine").write_bytes(content)
    assert machine_id(tmp_path) == ""
    assert (tmp_path / "machine").read_bytes() == content


def test_a_folder_that_cannot_be_made_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert machine_id(tmp_path / "file" / "state") == ""


def test_the_state_folder_of_the_user_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    made = machine_id()
    (path,) = (path for path in tmp_path.rglob("machine") if path.is_file())
    assert path.read_text() == f"{made}\n"
