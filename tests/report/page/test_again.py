"""The commands that measure the same again."""

from __future__ import annotations

import pytest

from smjax.report.page.again import commands
from tests.report.factory import placed, read, record
from tests.report.op_factory import answer, process
from tests.report.op_factory import read as read_ops

DEFAULT = {"n_gen": 128, "n_prompt": 128, "tokens_per_dispatch": 1}

MEASURE = {"replicates": 8, "iterations": None, "warmup": 2, "target_ci": 0.02, "budget_s": 120}


def of(*records):
    for one in records:
        one["scenario"]["measure"] = one["scenario"]["measure"] | MEASURE
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
        ([{"n_prompt": 64, "label": "new"}], "smjax run n_prompt=64 label=new"),
        *(
            (
                [{"ctx": c, "n_prompt": 128} for c in contexts],
                f"smjax run -m ctx={','.join(map(str, contexts))} n_prompt=128",
            )
            for contexts in ((256, 512), (512, 256))
        ),
        ([{"python": None}, {"python": "/opt/python"}], "smjax run -m python=null,/opt/python"),
        ([{"engine": "llama_cpp", "engine_args": {"flash": "1"}}], "smjax run engine=llama_cpp engine_args.flash=1"),
    ],
)
def test_what_differs_from_the_defaults_is_said(changes, said):
    assert of(*(record(**DEFAULT | one) for one in changes)) == [said]


def test_values_stand_as_they_were_asked_for_and_not_as_blocks_shuffled_them():
    points = [{"threads": t, "ctx": c, "n_prompt": c - 128} for t in (4, 1) for c in (256, 512)]
    ran = [placed(record(**DEFAULT | points[place]), 0, n, point=place) for n, place in enumerate((3, 1, 2, 0))]
    assert of(*ran) == ["smjax run -m threads=4,1 ctx=256,512"]


@pytest.mark.parametrize("label", ["$(reboot)", "a b", "x;y", "a,b", "${now:}"])
def test_what_would_have_to_be_quoted_is_said_by_no_command(label):
    assert of(record(**DEFAULT, label=label)) == []


def test_how_long_was_measured_is_said_as_far_as_it_is_not_the_default():
    one = record(**DEFAULT)
    thorough = {"replicates": 12, "sampling_s": 3.0, "warmup": 3, "target_ci": 0.01, "budget_s": 900.0}
    one["scenario"]["measure"] |= MEASURE | thorough
    assert commands(read([one])) == [
        "smjax run measure.replicates=12 measure.sampling_s=3.0 measure.warmup=3 measure.target_ci=0.01 "
        "measure.budget_s=900.0"
    ]


def test_a_setting_that_one_engine_alone_has_is_said_by_no_command():
    both = record(**DEFAULT), record(**DEFAULT, engine="llama_cpp", engine_args={"flash": "1"})
    assert of(*both) == []


def test_points_that_are_no_grid_imports_and_ops_have_no_command():
    assert of(record(**DEFAULT, threads=1), record(**DEFAULT | {"ctx": 512, "n_prompt": 384}, threads=2)) == []
    assert of(record(**DEFAULT) | {"provenance": "reported"}) == []
    assert commands(read_ops([process([answer()])])) == []
