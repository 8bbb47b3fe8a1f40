"""Rows of several runs of the same thing as one: the run is the unit, and intervals are over runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import polars as pl

from smjax.core.records.alike import ROW
from smjax.core.records.flags import MODES_NOT_TESTABLE, NO_INTERVAL, RUNS_POOLED, WIDE_CI
from smjax.report.data import states
from smjax.report.data.figures import names_over, with_interval
from smjax.report.data.judged import WHY_NONE, told
from smjax.report.data.main_figure import main_figure
from smjax.report.data.rows import WORST_LAST
from smjax.stats.intervals import LEVEL, Interval, is_wide
from smjax.stats.location import Estimate
from smjax.stats.runs import over_runs

_ADDED_UP = ("replicates", "samples", "processes", "bad_processes", "processes_disturbed", "processes_repeated")
_OF_ONE_RUN = {WIDE_CI.name, NO_INTERVAL.name, MODES_NOT_TESTABLE.name}
"""Flags that say something of an interval that is not shown."""
_BY_THE_LEAST = {
    "agreement": pl.col("agreement").min(),
    "ids_compared": pl.col("ids_compared").sort_by("agreement", nulls_last=True).first(),
    "is_reference": pl.col("is_reference").all(),
}
"""How answers agree is said of the run in which they do the least, as of a row's processes."""
_KEYS = tuple(name for name in ROW if name != "run")


def pool_runs(rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each that differ in their run alone, in the shape of `rows`, with `runs`, how many have figures.

    A figure is the median of the runs', its interval Student's t over the logarithms of these; none with one run.
    Records that do not say which machine they are of may be of two: each of their runs stays a row of its own.
    """
    one_place = pl.coalesce("machine", pl.col("run").fill_null("")).alias("_place")
    runs = (pl.col("replicates") > 0).sum().cast(pl.Int64)
    figures = [pl.col(name).drop_nulls().alias(f"_{name}_of_runs") for name in with_interval()]
    pooled = (
        rows.group_by(*_KEYS, one_place, maintain_order=True)
        .agg(*(_together(name, dtype) for name, dtype in rows.schema.items() if name not in _KEYS), *figures, runs=runs)
        .with_columns(pl.col("run").list.join(";"))
    )
    found = pl.DataFrame(map(_uncertainty, pooled.to_dicts()), schema=_schema())
    of_each_run = {"states": pl.lit(None, pl.String), "by_state": pl.lit([], states.BY_STATE)}
    return pooled.with_columns(found).with_columns(**of_each_run).select(*rows.columns, "runs")


def _together(name: str, dtype: pl.DataType) -> pl.Expr:
    """How the runs' values become the row's."""
    values = pl.col(name)
    if name in _BY_THE_LEAST:
        return _BY_THE_LEAST[name]
    if name == "run":
        return values.drop_nulls().unique(maintain_order=True)
    if name == "status":
        return values.cast(WORST_LAST).max().cast(pl.String)
    if name == "flags":
        return values.drop_nulls().str.split(";").explode().unique().sort()
    if isinstance(dtype, pl.List):
        return values.explode().drop_nulls()
    if name in _ADDED_UP:
        return pl.when(values.is_not_null().any()).then(values.sum())  # where nobody looked, the sum is no 0
    if dtype.is_numeric():
        return values.median().cast(dtype) if dtype.is_float() else values.max()
    return values.min() if name in names_over("least") else values.first()


def _schema() -> dict[str, Any]:
    ends = dict.fromkeys(names_over("interval"), pl.Float64)
    return {**ends, "flags": pl.String, "why_none": WHY_NONE, "no_interval_reason": pl.String}


def _uncertainty(row: dict[str, Any]) -> dict[str, Any]:
    intervals = {name: _interval(row[f"_{name}_of_runs"]) for name in with_interval()}
    flags = {*row["flags"], RUNS_POOLED.name} - _OF_ONE_RUN
    found = intervals[name := main_figure(row)]
    if found.lo is not None and found.hi is not None and is_wide((found.lo, found.hi), row["target_ci"]):
        flags.add(WIDE_CI.name)
    return told(intervals, flags, name)


def _interval(figures: Sequence[float]) -> Interval:
    if len(figures) < 2:
        return Interval(None, None, None, "one run" if figures else "no run")
    if min(figures) <= 0:
        return Interval(None, None, None, "not all are positive numbers")
    found = over_runs([Estimate(math.log(figure), 0.0, 0.0) for figure in figures])
    return Interval(math.exp(found.centre), *found.at(found.reach(LEVEL)))
