"""Rows of microbenchmarks compared: by the loop where both sides have one, point by point, in the blocks of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from smjax.core.records.record import Record
from smjax.report.compare import after_sweep
from smjax.report.compare.between import Sides, between_runs
from smjax.report.compare.comparison import Comparison, Question
from smjax.report.compare.in_common import why_none
from smjax.report.compare.metrics import metrics_of
from smjax.report.compare.table import table
from smjax.report.compare.within import within_sweep
from smjax.report.render.grid import UNKNOWN
from smjax.report.render.markdown import markdown
from smjax.report.trend.changes import courses
from smjax.report.trend.timelines import timelines
from tests.report.compare.sweeps import noise
from tests.report.compare.sweeps import run as run_of_answers
from tests.report.factory import read as read_answers
from tests.report.op_factory import answer, process, read

NOISE = noise(1, 8, 0.002, 1)


def sweep(us: dict[str, float], axis: str = "kernel", **changes: Any) -> list[Record]:
    """Two values of an axis in turn in eight blocks, each with a hot and a cold point of one op."""
    found = []
    for block, wobble in enumerate(NOISE):
        for position, (value, took) in enumerate(us.items()):
            points = [
                answer(call_us=[3 * took * wobble], loop_us=[took * wobble]),
                answer(cache="cold", call_us=[5 * took * wobble], loop_us=None),
            ]
            asked = {axis: int(value) if value.isdecimal() else value}
            found.append(process(points, block, position, **asked, **changes))
    return read(found)


def along(records: Sequence[Record], axis: str, metric: str | None = None) -> list[Comparison]:
    return within_sweep(records, axis, None, Question(metrics_of(records, metric), 0.02))[0]


@pytest.mark.parametrize(("axis", "values"), [("kernel", ("xla", "native")), ("threads", ("1", "2"))])
def test_along_an_axis_each_point_stands_beside_itself(axis: str, values: tuple[str, str]) -> None:
    cold, hot = along(sweep(dict(zip(values, (2.0, 1.0), strict=True)), axis), axis)
    assert [(one.scenario["cache"], one.metric.name) for one in (cold, hot)] == [
        ("cold", "call_us"),
        ("hot", "loop_us"),
    ]
    assert [(one.base, one.new) for one in (cold, hot)] == [
        (pytest.approx(10, rel=0.01), pytest.approx(5, rel=0.01)),
        (pytest.approx(2, rel=0.01), pytest.approx(1, rel=0.01)),
    ]
    assert {str(one.verdict) for one in (cold, hot)} == {"faster"}
    assert {"op", "shape", "cache", "threads", "kernel"} <= cold.scenario.keys()
    assert not {"ctx", "n_gen", "model_hash"} & cold.scenario.keys()


def test_hot_and_cold_of_one_process_are_compared_by_what_both_have() -> None:
    """A cold point has no loop."""
    (one,) = along(sweep({"xla": 2.0}), "cache")
    assert (one.metric.name, one.names) == ("call_us", ("hot", "cold"))
    assert one.ratio == pytest.approx(5 / 3)


def test_a_figure_that_is_named_is_compared_alone() -> None:
    cold, hot = along(sweep({"xla": 2.0, "native": 1.0}), "kernel", "call_us")
    assert {one.metric.name for one in (cold, hot)} == {"call_us"}
    cold, hot = along(sweep({"xla": 2.0, "native": 1.0}), "kernel", "gflop_per_s")
    assert hot.ratio == pytest.approx(2)
    assert str(hot.verdict) == "faster"


def test_a_table_says_of_each_row_which_figure_it_is_where_rows_have_two() -> None:
    records = sweep({"xla": 2.0, "native": 1.0})
    question = Question(metrics_of(records), 0.02)
    text = markdown([table("t", along(records, "kernel"), question)])
    assert "| gemm | f32:10x10x10 | cold | 1 | call µs |" in text
    assert "| gemm | f32:10x10x10 | hot | 1 | loop µs |" in text
    assert "faster than xla in both rows (0.500 times its µs a call)" in text
    assert "ctx" not in text
    hot = markdown([table("t", along(records, "kernel")[1:], question)])
    assert "loop µs base" in hot


def test_two_runs_are_compared_point_by_point() -> None:
    base, new = sweep({"xla": 2.0}), sweep({"xla": 3.0}, run="second", date="2026-03-02T10:00:00Z")
    sides = Sides([base], [new], None, 0.01)
    cold, hot = between_runs(sides, Question(metrics_of(base), 0.02))[0]
    assert [one.ratio for one in (cold, hot)] == [pytest.approx(1.5), pytest.approx(1.5)]
    assert {str(one.verdict) for one in (cold, hot)} == {"slower"}


def test_two_runs_are_told_how_to_measure_them_in_turn() -> None:
    base, new = sweep({"xla": 2.0}), sweep({"native": 3.0}, run="second")
    rows, _ = between_runs(Sides([base], [new]), _ALL)
    told = "smjax micro -m kernel=xla,native op=gemm shape=f32:10x10x10 threads=1 cache=all, then smjax compare DIR"
    assert all(any(told in said for said in one.spread) for one in rows)


def test_a_point_that_new_has_not_got_is_missing() -> None:
    base, new = sweep({"xla": 2.0}), sweep({"xla": 2.0}, run="second")
    rows, _ = between_runs(Sides([base], [[one for one in new if one.scenario.points[0].cache == "hot"]]), _ALL)
    assert [one.is_missing for one in rows] == [True, False]


_ALL = Question(metrics_of(sweep({"xla": 2.0})), 0.02)


def test_runs_of_ops_and_of_answers_have_nothing_in_common() -> None:
    answers = read_answers(run_of_answers([100.0]))
    nothing = UNKNOWN
    told = f"none: op {nothing} → gemm, shape {nothing} → f32:10x10x10, cache {nothing} → hot"
    assert why_none(answers, sweep({"xla": 2.0})).startswith(told)


def test_records_of_both_kinds_are_compared_each_by_its_own_figure() -> None:
    answers = read_answers([*run_of_answers([100.0, 101.0], kernel="xla"), *run_of_answers([90.0], kernel="native")])
    records = [*sweep({"xla": 2.0, "native": 1.0}), *answers]
    names = ["decode_tok_per_s", "loop_us", "call_us"]
    assert [one.name for one in metrics_of(records)] == names
    assert sorted(one.metric.name for one in along(records, "kernel")) == sorted(names)


def test_a_sweep_ends_with_the_ratios_of_its_kernels() -> None:
    (grid,) = after_sweep.grids(sweep({"xla": 2.0, "native": 1.0}))
    assert grid.title == "By kernel"
    assert len(grid.rows) == 2


def test_a_history_is_of_the_loop_where_there_is_one() -> None:
    runs = [sweep({"xla": 2.0}, run=f"run-{day}", date=f"2026-03-{day:02d}T10:00:00Z") for day in (1, 2)]
    cold, hot = courses(timelines(runs, metrics_of(runs[0])))
    assert [one.timeline.metric.name for one in (cold, hot)] == ["call_us", "loop_us"]
    assert hot.timeline.values == pytest.approx([2, 2], rel=0.01)
    assert (hot.scenario["op"], hot.scenario["cache"]) == ("gemm", "hot")
