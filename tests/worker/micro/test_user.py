"""A function of a user's own: the one in the documentation works as it is there, and is short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smjax.core.records.point import Point
from smjax.worker.kernels import Setup
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.timing import measure_point

DOCUMENT = Path(__file__).parents[3] / "docs" / "micro.md"


def test_the_documented_example_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    lines = [line for line in example[1].splitlines() if line]
    assert len(lines) <= 15
    (tmp_path / "documented_example.py").write_text(example[1])
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    answer = measure_point(Point("documented_example:softplus", "3x64"), MicroSetup(Setup()), 0.01)
    assert (answer.status, answer.reason) == ("ok", "")
    assert answer.bytes == 2 * 3 * 64 * 4
    assert answer.samples
