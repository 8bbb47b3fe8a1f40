"""From records to one row per worker process, with its figures."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from smjax.core.records.columns import COLUMNS
from smjax.core.records.flags import ABOVE_BANDWIDTH, ABOVE_PEAK, GHZ, PEAK_RSS_TIDIED, ROOFLINE_ABOVE_1
from smjax.core.records.record import Record
from smjax.report.data import frames, states
from smjax.report.data.figures import columns_over, expressions, names_over, with_interval

_ABOVE_1 = {"roofline": ROOFLINE_ABOVE_1, "peak_share": ABOVE_PEAK, "bandwidth_share": ABOVE_BANDWIDTH}
"""Shares that nothing cuts off, and what is said of one that is too large."""


def per_process(records: Sequence[Record], answers: pl.DataFrame | None = None) -> pl.DataFrame:
    """One row per record, in their order, with its figures; those of a process that did not finish ok are null.

    Figures over answers are there of those in each state of the cores too (`ttft_ms_alone`, `ttft_ms_shared`), and
    `alone_share` of the time; null where that is not known, or a process was not there for long enough.
    `answers` are those of `answers_of`, where they are known already.
    """
    processes = frames.processes(records)
    is_ok = pl.col("status") == "ok"
    whole_life = processes.with_columns(
        pl.when(is_ok, pl.lit(column.has_zero) | (pl.col(column.name) > 0))
        .then(pl.col(column.name) / column.divisor)
        .alias(column.name)
        for column in columns_over("reading")
    )
    of_answers = _over_answers(answers_of(records) if answers is None else answers)
    figures = whole_life.join(of_answers, on="process", how="left", maintain_order="left")
    figures = figures.with_columns(**expressions("figures"))
    of_rows = expressions("row")  # of a process too, where there is to be an interval
    return figures.with_columns(flags=_flags(), **{name: of_rows[name] for name in with_interval("row")})


def answers_of(records: Sequence[Record]) -> pl.DataFrame:
    """One row per timed answer of the processes that finished ok, with its figures."""
    numbers = pl.Series("process", range(len(records)), dtype=pl.Int64)
    sizes = {
        name: pl.Series([getattr(record.scenario, name) for record in records], dtype=pl.Int64)
        for name in ("n_prompt", "n_gen", "tokens_per_dispatch")
    }
    asked = pl.DataFrame({"process": numbers, **sizes})
    return (
        frames.samples(records).join(asked, on="process", maintain_order="left").with_columns(**expressions("answers"))
    )


def _over_answers(answers: pl.DataFrame) -> pl.DataFrame:
    """One row per process that has timed answers: medians over them, and figures of all of them."""
    return answers.group_by("process", maintain_order=True).agg(
        pl.col(names_over("answers")).median(),
        *(pl.col(name).drop_nulls().alias(f"{name}_samples") for name in with_interval("answers")),
        answers=pl.len(),
        timed_tokens=(pl.col("n_gen") - 1).sum(),
        timed_s=pl.col("decode_ns").sum() / 1e9,
        **expressions("process"),
        **expressions("pooled"),
        **states.expressions(),
    )


def _flags() -> pl.Expr:
    """Those of the record, and what its figures say against themselves."""
    tidied = [column.name for column in COLUMNS if column.since > 1]
    is_tidied = (pl.col("schema") < 3) & pl.any_horizontal(pl.col(tidied).is_not_null())
    return pl.concat_list(
        pl.col("flags").fill_null([]),
        pl.when(pl.col("ghz") > 0, pl.col("op").is_null()).then(pl.col("ghz_source").replace_strict(GHZ, default=None)),
        *(pl.when(pl.col(share) > 1).then(pl.lit(flag.name)) for share, flag in _ABOVE_1.items()),
        pl.when(is_tidied).then(pl.lit(PEAK_RSS_TIDIED.name)),
    )
