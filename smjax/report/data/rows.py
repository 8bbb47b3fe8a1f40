"""From records to one row per scenario, with the figures that `core/records/columns.py` asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from smjax.core.records.alike import OVER_THREADS, ROW
from smjax.core.records.columns import COLUMN_NAMES, COLUMNS
from smjax.core.records.flags import DISTURBED
from smjax.core.records.folder import no_garbage
from smjax.core.records.record import Record
from smjax.report.data import frames, states
from smjax.report.data.agreement import agreements
from smjax.report.data.builds import builds
from smjax.report.data.course import courses
from smjax.report.data.figures import expressions, names_over, with_interval
from smjax.report.data.frames import DTYPES
from smjax.report.data.judged import WHY_NONE, judged
from smjax.report.data.natural import natural
from smjax.report.data.processes import answers_of, per_process

_SHAPE = pl.col("shape").map_elements(natural, pl.String)
_SORT_KEYS: tuple[Any, ...] = ("arch", "cpu", "host", "model", "op", _SHAPE, "cache", "ctx", "threads", *ROW)
_OF_RECORDS: dict[str, frames.PolarsType] = {
    "agreement": pl.Float64,
    "ids_compared": pl.Int64,
    "is_reference": pl.Boolean,
    "engine_version": pl.String,
}
_JOINED = tuple(name for name in COLUMN_NAMES if name != "flags")
"""Columns of the summary in which several texts are one; flags get more than the processes have."""
WORST_LAST = pl.Enum(["ok", "refused", "failed", "timeout", "killed"])
"""Of several the worst is a row's status."""


def summarise(records: Sequence[Record]) -> pl.DataFrame:
    """One row per scenario with exactly the columns of the summary; null where unknown."""
    return scenarios(records).select(COLUMN_NAMES)


@no_garbage()
def scenarios(records: Sequence[Record]) -> pl.DataFrame:
    """The summary's columns and, for tables and comparisons, fields of the records, `processes`, `bad_processes`,
    `reasons`, `disturbed_by`, `repeated_because`, `by_state` (a figure, its interval and a share of the time for each
    state of the cores that was there), `ids_compared` and `is_reference` (of `agreement`), `why_none` (of each figure
    that may have an interval, why it has none) and, in lists with an entry per process, in the order of time,
    `record_numbers` (places in `records`), `alone_shares` (of the process's time, null where unknown) and, of each
    figure with an interval, the processes' figures (`decode_tok_per_s_medians`) and, where those are medians of their
    answers, the samples (`decode_tok_per_s_samples`); `course` is of all attempts.
    """
    answers = answers_of(records)
    figures = per_process(records, answers)
    rows = (
        figures.filter("stands")
        .sort("date", maintain_order=True)
        .join(_repeated(figures), on=ROW, how="left", nulls_equal=True, maintain_order="left")
        .join(courses(figures), on=ROW, how="left", nulls_equal=True, maintain_order="left")
        .group_by(ROW, maintain_order=True)
        .agg(_row_expressions())
    )
    rows = rows.with_columns(pl.col(name).list.join(";") for name in names_over("union") if name in _JOINED)
    rows = rows.with_columns(_pooled(rows, answers))
    rows = rows.with_columns(pl.DataFrame(judged(rows.to_dicts(), records), schema=_judged_schema()))
    rows = rows.with_columns(pl.DataFrame(_of_records(rows, records), schema=_OF_RECORDS))
    return conform(derive(rows, OVER_THREADS)).sort(_SORT_KEYS, nulls_last=True)


def _row_expressions() -> list[pl.Expr]:
    """A row's figures from those of the processes that stand for it."""
    is_ok = pl.col("status") == "ok"
    return [
        pl.col(names_over("first")).first(),
        pl.col(names_over("least")).min(),
        pl.col(names_over("worst")).cast(WORST_LAST).max().cast(pl.String),
        pl.col(names_over("union")).explode().drop_nulls().unique().sort(),
        pl.col(names_over("reading", "answers", "process", "figures")).median(),
        *(expression.alias(name) for name, expression in expressions("processes").items()),
        *(pl.col(f"{name}_samples").drop_nulls() for name in with_interval("answers")),
        pl.col("timed_tokens", "timed_s").drop_nulls(),
        *states.of_rows(),
        *(pl.col(name).drop_nulls().alias(f"{name}_medians") for name in with_interval()),
        pl.len().alias("processes"),
        (~is_ok).sum().alias("bad_processes"),
        pl.col("reason").filter(~is_ok).drop_nulls().unique().sort().alias("reasons"),
        pl.col("repeated_because", "course").first(),
        pl.col("process").alias("record_numbers"),
        pl.col("alone_share").filter(pl.col("decode_tok_per_s").is_not_null()).alias("alone_shares"),
    ]


def _repeated(figures: pl.DataFrame) -> pl.DataFrame:
    """Of each row, why processes were repeated: an entry for each."""
    why = pl.when(pl.col("status") == "ok").then(pl.lit(DISTURBED.name)).otherwise("status").alias("repeated_because")
    return figures.filter(~pl.col("stands")).group_by(ROW).agg(why)


def _pooled(rows: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Figures of all answers of a row's processes."""
    places = rows.select("record_numbers").with_row_index("row").explode("record_numbers")
    found = (
        answers.join(places, left_on="process", right_on="record_numbers").group_by("row").agg(**expressions("pooled"))
    )
    return places.select("row").unique().join(found, on="row", how="left").sort("row").drop("row")


def _of_records(rows: pl.DataFrame, records: Sequence[Record]) -> list[Any]:
    """What no frame of figures knows: of each row how its processes' answers go with others', and what computed."""
    of_rows = [[records[number] for number in numbers] for numbers in rows["record_numbers"].to_list()]
    found = zip(agreements(of_rows), builds(of_rows), strict=True)
    return [{**vars(agreement), "engine_version": build} for agreement, build in found]


def _judged_schema() -> dict[str, frames.PolarsType]:
    ends = dict.fromkeys(names_over("interval"), pl.Float64)
    texts = dict.fromkeys((*names_over("judged"), "flags"), pl.String)
    return {**ends, **texts, "by_state": states.BY_STATE, "why_none": WHY_NONE}


def derive(rows: pl.DataFrame, alike: Sequence[str]) -> pl.DataFrame:
    """Add the figures that follow from a row's others; scaling is within rows equal in the columns `alike`.

    Where several of them have one thread (of other settings), it is unknown.
    """
    singles = pl.col("decode_tok_per_s").filter(pl.col("threads") == 1).drop_nulls()
    with_one_thread = pl.when(singles.len() == 1).then(singles.first()).over(alike)
    rows = rows.with_columns(one_thread_tok_per_s=with_one_thread)
    return rows.with_columns(**expressions("row")).drop("one_thread_tok_per_s")


def conform(rows: pl.DataFrame) -> pl.DataFrame:
    """Put the summary's columns first, in their order and types, null where `rows` has no such column."""
    summary = [
        (pl.col(column.name) if column.name in rows.columns else pl.lit(None))
        .cast(DTYPES[column.kind])
        .alias(column.name)
        for column in COLUMNS
    ]
    return rows.select(*summary, *(name for name in rows.columns if name not in COLUMN_NAMES))
