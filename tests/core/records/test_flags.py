"""Flags are data: one entry each, named wherever one is set, explained on a page of their own."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest

from smjax.core.records import flags, import_flags
from smjax.core.records.flag import Flag
from smjax.core.records.flags import FLAGS, GHZ
from smjax.core.records.import_flags import IMPORT_FLAGS
from smjax.core.records.pages import flags_page

HOMONYMS = {
    "warmup": {"worker/tasks/measure.py", "report/page/again.py"},
    "handicap": {"report/page/again.py"},
    "disturbed": {"sweep/run/record.py", "report/plots/in_order.py"},
}
"""Where a phase, a setting, a key of the readings, and what a mark of a picture stands for, have a flag's name."""
SOURCE = Path(__file__).parents[3] / "smjax"


def test_every_flag_is_listed_once_and_says_all_that_a_reader_needs() -> None:
    for listed, module in ((IMPORT_FLAGS, import_flags), ([f for f in FLAGS if f not in IMPORT_FLAGS], flags)):
        assert list(listed) == [value for value in vars(module).values() if isinstance(value, Flag)]
    assert {flag.set_by == "import" for flag in IMPORT_FLAGS} == {True}
    assert len({flag.name for flag in FLAGS}) == len(FLAGS)
    assert all(flag.rule and flag.meaning and flag.advice for flag in FLAGS)


@functools.cache
def texts() -> dict[str, str]:
    """Of every file, by its path in the package."""
    return {path.relative_to(SOURCE).as_posix(): path.read_text() for path in SOURCE.rglob("*.py")}


@functools.cache
def constants() -> dict[str, set[object]]:
    """What is spelled out in every file."""
    return {
        name: {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
        for name, text in texts().items()
    }


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: flag.name)
def test_whoever_sets_a_flag_names_the_constant(flag: Flag) -> None:
    spelled = {name for name, values in constants().items() if flag.name in values}
    module = "import_flags" if flag in IMPORT_FLAGS else "flags"
    assert spelled - HOMONYMS.get(flag.name, set()) == {f"core/records/{module}.py"}
    named = {name for name, value in {**vars(flags), **vars(import_flags)}.items() if value is flag}
    users = [name for name, text in texts().items() if any(one in text for one in named)]
    assert len(users) > 1 or flag.name in GHZ.values(), "nobody sets it"


def test_the_page_says_of_a_flag_what_its_entry_says() -> None:
    added = Flag("hot", "worker", "above 90 °C", "it throttled", "cool it", "never")
    assert "| `hot` | worker | above 90 °C | it throttled | cool it | never |" in flags_page([added]).splitlines()
