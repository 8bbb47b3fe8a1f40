"""Rows of microbenchmarks as marks: what a call takes, and rates that follow from it with the interval of that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from smjax.core.text import printable
from smjax.report.data.main_figure import CALL, LOOP, main_figure
from smjax.report.plots.lines import of_line
from smjax.report.plots.points import LONGEST, Row, mark, needed, with_unit
from smjax.report.plots.series import Lines

OP_FIELDS = ("op", "shape", "cache", "kernel", "threads", "level")
NEEDED = tuple(
    dict.fromkeys(
        (
            *OP_FIELDS,
            *(column for name in (CALL, LOOP) for column in needed(name)),
            *("op_flops", "op_bytes", "op_gb_per_s", "gflop_per_s", "intensity", "attainable_gflop_per_s"),
            *("peak_share", "bandwidth_share", "peak_flop_per_s", "level_bytes_per_s"),
        )
    )
)
"""Columns that these marks take."""


def timed(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of ops that have a time."""
    return rows.filter(pl.col("op").is_not_null(), pl.coalesce(LOOP, CALL) > 0)


def called(row: Row) -> str:
    """An op and its shape."""
    said = [row["op"], row["shape"], *(["cold"] if row["cache"] == "cold" else [])]
    return printable(" ".join(filter(None, said)), LONGEST)


def of_time(row: Row) -> dict[str, Any]:
    """What a call takes."""
    return mark(row, main_figure(row), called(row))


def of_rate(row: Row, name: str) -> dict[str, Any]:
    """A figure that goes as the inverse of the time, and so does its interval."""
    time = main_figure(row)
    found = mark(row, time, called(row))
    lo, hi = (
        None if row[f"{time}_{end}"] is None or row[name] is None else row[name] * row[time] / row[f"{time}_{end}"]
        for end in ("hi", "lo")
    )
    told = found["interval"] if lo is None else f"{with_unit(lo, name)} to {with_unit(hi, name)}"
    return found | {"y": row[name], "lo": lo, "hi": hi, "figure": with_unit(row[name], name), "interval": told}


def by_kind(rows: pl.DataFrame) -> pl.DataFrame:
    """With `kind`: what of a shape is no size, as `read` or `f32`."""
    return rows.with_columns(kind=pl.col("shape").str.extract("^(.*):", 1))


def over_bytes(found: Lines, mark_of: Callable[[Row], dict[str, Any]]) -> list[dict[str, Any]]:
    """Marks of lines over bytes."""
    return [
        of_line(number, line.name, row["bytes"]) | mark_of(row)
        for number, line in enumerate(found.drawn)
        for row in line.rows
    ]
