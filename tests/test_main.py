from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smjax.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "smjax: the following arguments are required: COMMAND; see smjax --help\n"),
        (["eval", "--n-gen", "x"], "smjax eval: argument --n-gen: invalid int value: 'x'; see smjax eval --help\n"),
        (["report"], "smjax report: the following arguments are required: DIR; see smjax report --help\n"),
        (["report", "x", "--nope"], "smjax: unrecognized arguments: --nope; see smjax --help\n"),
    ],
)  # fmt: skip
def test_a_wrong_command_line_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert capsys.readouterr() == ("", said)


def test_an_unknown_command_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nope"])
    said = capsys.readouterr().err
    assert said.startswith("smjax: argument COMMAND: invalid choice: 'nope'")
    assert said.count("\n") == 1


def test_a_folder_without_records_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"smjax: {tmp_path}: expected a run folder with records/*.json, found none")


def test_a_command_imports_only_what_it_needs() -> None:
    heavy = {"jax", "polars", "hydra", "scipy", "rich"}
    code = f"import smjax.__main__, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
