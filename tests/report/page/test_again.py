"""The commands that measure the same again."""

from __future__ import annotations

import pytest

from smjax.report.page.again import commands
from tests.report.factory import read, record
from tests.report.op_factory import answer, process
from tests.report.op_factory import read as read_ops

DEFAULT = {"n_gen": 128, "n_prompt": 128, "tokens_per_dispatch": 1}


def of(*records):
    for one in records:
        one["scenario"]["measure"] = one["scenario"]["measure"] | {"replicates": 8, "iterations": None}
    return commands(read(list(records)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([{}], "smjax run"),
        ([{"threads": 1}, {"threads": 4}], "smjax run -m threads=1,4"),
        (
            [{"threads": t, "ctx": c, "n_prompt": c - 128} for t in (1, 2) for c in (256, 512)],
            "smjax run -m threads=1,2 ctx=256,512",
        ),
        ([{"n_prompt": 64, "label": "new"}], "smjax run label=new n_prompt=64"),
    ],
)
def test_what_differs_from_the_defaults_is_said(changes, said):
    assert of(*(record(**DEFAULT | one) for one in changes)) == [said]


@pytest.mark.parametrize("label", ["$(reboot)", "a b", "x;y", "a,b", "${now:}"])
def test_what_would_have_to_be_quoted_is_said_by_no_command(label):
    assert of(record(**DEFAULT, label=label)) == []


def test_points_that_are_no_grid_imports_and_ops_have_no_command():
    assert of(record(**DEFAULT, threads=1), record(**DEFAULT | {"ctx": 512, "n_prompt": 384}, threads=2)) == []
    assert of(record(**DEFAULT) | {"provenance": "reported"}) == []
    assert commands(read_ops([process([answer()])])) == []
