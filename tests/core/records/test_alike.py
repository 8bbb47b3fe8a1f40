"""The sets of names that say what is alike fit each other, and every name is one that rows have."""

from __future__ import annotations

import dataclasses

import pytest

from smjax.core.records import alike
from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Scenario
from tests.report.factory import record, scenario, scenarios

NAMES = ("POINT", "ROW", "LINE", "OVER_THREADS")
SETS = {name: getattr(alike, name) for name in NAMES}


@pytest.mark.parametrize("name", SETS)
def test_every_name_is_one_that_rows_have_and_stands_once(name: str) -> None:
    assert set(SETS[name]) <= set(scenarios([record()]).columns)
    assert len(set(SETS[name])) == len(SETS[name])


def test_rows_are_told_apart_by_more_than_lines_are() -> None:
    assert set(alike.ROW) - {*alike.POINT, *alike.OP_POINT} <= {*alike.LINE, "model_hash", "identity", "label"}


def test_how_often_a_process_runs_changes_nothing_in_it() -> None:
    one = scenario()
    often = dataclasses.replace(one, measure=dataclasses.replace(one.measure, replicates=9, timeout_s=1.0))
    longer = dataclasses.replace(one, measure=dataclasses.replace(one.measure, warmup=9))
    moved = dataclasses.replace(one, model_path="elsewhere.gguf")
    asked, *others = (alike.settings(resolved(each)) for each in (one, often, moved, longer))
    assert [other == asked for other in others] == [True, True, False]
    assert alike.settings(dataclasses.replace(resolved(one), isa="avx512")) != asked
    assert alike.point(longer) == alike.point(one) != alike.point(moved)


def resolved(asked: Scenario) -> Resolved:
    return Resolved(asked, kernel="native", isa="avx2", simd=("avx2",), kv_dtype="float16")
