"""From records to one row per scenario, with the figures that `core/records/columns.py` asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from smjax.core.records.alike import OVER_THREADS, ROW
from smjax.core.records.columns import COLUMN_NAMES, COLUMNS
from smjax.core.records.flags import DISTURBED, GHZ, OUTLIER, WARMUP, WIDE_CI
from smjax.core.records.record import Record
from smjax.report.data import frames
from smjax.report.data.figures import columns_over, expressions, names_over, with_interval
from smjax.report.data.frames import DTYPES
from smjax.stats.intervals import interval, is_wide
from smjax.stats.order import starts_slow
from smjax.stats.outliers import has_outlier

_SORT_KEYS = ("arch", "cpu", "host", "model", "ctx", "threads", *ROW)
_JOINED = tuple(name for name in COLUMN_NAMES if name != "flags")
"""Columns of the summary in which several texts are one; flags get more than the processes have."""
_WORST_LAST = pl.Enum(["ok", "refused", "failed", "timeout", "killed"])


def summarise(records: Sequence[Record]) -> pl.DataFrame:
    """One row per scenario with exactly the columns of the summary; null where unknown."""
    return scenarios(records).select(COLUMN_NAMES)


def scenarios(records: Sequence[Record]) -> pl.DataFrame:
    """The summary's columns and, for tables and comparisons, fields of the records, `processes`, `bad_processes`,
    `reasons`, `disturbed_by`, `repeated_because`, `record_numbers` (places in `records`) and, of each figure with an
    interval, in lists with an entry per process, the processes' figures (`decode_tok_per_s_medians`) and, where those
    are medians of their answers, the samples (`decode_tok_per_s_samples`).
    """
    figures = per_process(records)
    rows = (
        figures.filter("stands")
        .join(_repeated(figures), on=ROW, how="left", nulls_equal=True, maintain_order="left")
        .group_by(ROW, maintain_order=True)
        .agg(_row_expressions())
    )
    rows = rows.with_columns(pl.col(name).list.join(";") for name in names_over("union") if name in _JOINED)
    rows = rows.with_columns(pl.DataFrame(map(_uncertainty, rows.to_dicts()), schema=_uncertainty_schema()))
    return conform(derive(rows, OVER_THREADS)).sort(_SORT_KEYS, nulls_last=True)


def _row_expressions() -> list[pl.Expr]:
    """A row's figures from those of the processes that stand for it."""
    is_ok = pl.col("status") == "ok"
    return [
        pl.col(names_over("first")).first(),
        pl.col(names_over("least")).min(),
        pl.col(names_over("worst")).cast(_WORST_LAST).max().cast(pl.String),
        pl.col(names_over("union")).explode().drop_nulls().unique().sort(),
        pl.col(names_over("reading", "answers", "process", "figures")).median(),
        *(expression.alias(name) for name, expression in expressions("processes").items()),
        *(pl.col(f"{name}_samples").drop_nulls() for name in with_interval("answers")),
        *(pl.col(name).drop_nulls().alias(f"{name}_medians") for name in with_interval()),
        pl.len().alias("processes"),
        (~is_ok).sum().alias("bad_processes"),
        pl.col("reason").filter(~is_ok).drop_nulls().unique().sort().alias("reasons"),
        pl.col("repeated_because").first(),
        pl.col("process").alias("record_numbers"),
    ]


def _repeated(figures: pl.DataFrame) -> pl.DataFrame:
    """Of each row, why processes were repeated: an entry for each."""
    why = pl.when(pl.col("status") == "ok").then(pl.lit(DISTURBED.name)).otherwise("status").alias("repeated_because")
    return figures.filter(~pl.col("stands")).group_by(ROW).agg(why)


def _uncertainty_schema() -> dict[str, frames.PolarsType]:
    return {**dict.fromkeys(names_over("interval"), pl.Float64), "flags": pl.String}


def _uncertainty(row: dict[str, Any]) -> dict[str, Any]:
    """The intervals of a row, and its flags with what its samples say against it."""
    intervals = {name: interval(row[f"{name}_medians"]) for name in with_interval()}
    decode_times = [[1 / rate for rate in rates] for rates in row["decode_tok_per_s_samples"]]
    found = {
        WIDE_CI.name: is_wide(intervals["decode_tok_per_s"], row["target_ci"]),
        WARMUP.name: starts_slow(decode_times) or starts_slow(row["ttft_ms_samples"]),
        OUTLIER.name: has_outlier(row["decode_tok_per_s_samples"]),
    }
    told = {*map(_as_flag, row["flags"]), *(name for name, is_so in found.items() if is_so)}
    ends = {f"{name}_{end}": bounds for name, both in intervals.items() for end, bounds in _ends(both)}
    return {**ends, "flags": ";".join(sorted(filter(None, told)))}


def _as_flag(text: str) -> str:
    """A flag of a record, which another version or tool may have set: one flag."""
    return text.replace(";", ",")


def _ends(bounds: tuple[float, float] | None) -> zip[tuple[str, float | None]]:
    return zip(("lo", "hi"), bounds or (None, None), strict=True)


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


def per_process(records: Sequence[Record]) -> pl.DataFrame:
    """One row per record, in their order, with its figures; those of a process that did not finish ok are null."""
    processes = frames.processes(records)
    is_ok = pl.col("status") == "ok"
    whole_life = processes.with_columns(
        pl.when(is_ok, pl.col(column.name) > 0).then(pl.col(column.name) / column.divisor).alias(column.name)
        for column in columns_over("reading")
    ).with_columns(flags=_flags_with_ghz())
    figures = whole_life.join(
        _over_samples(processes, frames.samples(records)), on="process", how="left", maintain_order="left"
    )
    figures = figures.with_columns(**expressions("figures"))
    of_rows = expressions("row")  # of a process too, where there is to be an interval
    return figures.with_columns(**{name: of_rows[name] for name in with_interval("row")})


def _flags_with_ghz() -> pl.Expr:
    source = pl.when(pl.col("ghz") > 0).then(pl.col("ghz_source").replace_strict(GHZ, default=None))
    return pl.concat_list(pl.col("flags").fill_null([]), source)


def _over_samples(processes: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """One row per process that has timed answers: medians over them, and figures of all of them."""
    sizes = processes.select("process", "n_prompt", "n_gen", "tokens_per_dispatch")
    return (
        samples.join(sizes, on="process", maintain_order="left")
        .with_columns(**expressions("answers"))
        .group_by("process", maintain_order=True)
        .agg(
            pl.col(names_over("answers")).median(),
            *(pl.col(name).drop_nulls().alias(f"{name}_samples") for name in with_interval("answers")),
            answers=pl.len(),
            **expressions("process"),
        )
    )
