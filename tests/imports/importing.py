"""`smjax import` as the tests call it, and what it has to say of a file that it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smjax.__main__ import main
from smjax.core.records.folder import load_records
from smjax.core.records.record import Record
from smjax.report.data.rows import scenarios

DATA = Path(__file__).parent / "data"
"""What the tools have really written, shortened."""


def imported(tool: str, file: Path, out: Path, *options: str) -> list[Record]:
    """The records of a folder after a file was imported into it."""
    assert main(["import", tool, str(file), "--out", str(out), *options]) == 0
    return load_records([out]).records


def rows(records: list[Record]) -> list[dict[str, Any]]:
    """What reports say of them."""
    return scenarios(records).to_dicts()


def refused(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    """The one line of a command that is refused."""
    capsys.readouterr()
    code = main(list(command))
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1), err
    return err.removeprefix("smjax: ").rstrip("\n")


def listing(folder: Path) -> dict[str, bytes]:
    """Everything that lies in a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def one_test(**changes: Any) -> dict[str, Any]:
    """A test of llama-bench's, as its JSON has it."""
    whole = json.loads((DATA / "llama-bench.jsonl").read_text().splitlines()[0])
    return {name: value for name, value in (whole | changes).items() if value is not ...}
