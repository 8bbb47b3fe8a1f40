"""From records to one row per scenario: every figure of the summary and how it is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from smjax.core.records.columns import COLUMN_NAMES, COLUMNS
from smjax.report.data import frames
from smjax.report.data.frames import GROUP_KEYS, PolarsType
from smjax.stats.intervals import interval, is_wide
from smjax.stats.order import starts_slow
from smjax.stats.outliers import has_outlier

_SORT_KEYS = ("arch", "cpu", "host", "model", "ctx", "threads", *GROUP_KEYS)
_WORST_LAST = pl.Enum(["ok", "refused", "failed", "timeout", "killed"])
DTYPES = {"text": pl.String, "int": pl.Int64, "float": pl.Float64}
"""Of the kinds of columns."""

_SAMPLE_FIGURES = ("decode_tok_per_s", "e2e_tok_per_s", "prefill_tok_per_s", "ttft_ms", "tpot_ms_per_1000_tokens")
_PROCESS_FIGURES = (
    *_SAMPLE_FIGURES,
    "tpot_ms_p50",
    "tpot_ms_p90",
    "tpot_ms_p99",
    "rss_growth_bytes_per_token",
    "peak_rss_mb",
    "steady_rss_mb",
    "weight_mb",
    "load_s",
    "compile_s",
    "cold_start_s",
    "bytes_per_token",
    "read_bytes_per_s",
    "ghz",
    "energy_j_per_token",
)
_UNCERTAINTY: dict[str, PolarsType] = {
    **dict.fromkeys(("decode_tok_per_s_lo", "decode_tok_per_s_hi", "ttft_ms_lo", "ttft_ms_hi"), pl.Float64),
    "flags": pl.String,
}
_DEPTHS = 100
"""Fewer timed tokens in an answer say nothing about what depth costs."""


def summarise(records: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """One row per scenario with exactly the columns of the summary; null where unknown."""
    return scenarios(records).select(COLUMN_NAMES)


def scenarios(records: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """The summary's columns and, for tables and comparisons, `model_hash`, `sources`, `settings`, `processes`,
    `bad_processes`, `reasons`, `disturbed_by`, `repeated_because`, `record_numbers` (places in `records`) and, in lists
    with an entry per process, the samples behind the row (`decode_samples` tok/s, `ttft_samples` ms) and their medians
    (`decode_medians`, `ttft_medians`).
    """
    figures = _per_process(records)
    rows = (
        figures.filter("stands")
        .group_by(GROUP_KEYS, maintain_order=True)
        .agg(_row_expressions())
        .join(_repeated(figures), on=GROUP_KEYS, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(processes_repeated=pl.col("repeated_because").list.len().fill_null(0))
    )
    rows = rows.with_columns(pl.DataFrame(map(_uncertainty, rows.to_dicts()), schema=_UNCERTAINTY))
    alike = [*(key for key in GROUP_KEYS if key not in ("threads", "identity")), "sources"]
    return conform(derive(rows, alike)).sort(_SORT_KEYS, nulls_last=True)


def _row_expressions() -> list[pl.Expr]:
    """A row's figures from those of the processes that stand for it."""
    is_ok, decode, ttft = pl.col("status") == "ok", pl.col("decode_tok_per_s"), pl.col("ttft_ms")
    is_disturbed = pl.col("flags").list.contains("disturbed")
    was_watched = is_disturbed | pl.col("disturbed_by").is_not_null()
    return [
        pl.col("model", "arch", "cpu", "os", "sources", "settings").first(),
        pl.col("date").min(),
        pl.col("status").cast(_WORST_LAST).max().cast(pl.String),
        pl.col("flags").explode().drop_nulls().unique().sort(),
        pl.col(*_PROCESS_FIGURES).median(),
        pl.col("samples").sum(),
        pl.col("decode_tok_per_s_best").max(),
        pl.col("target_ci").min(),
        pl.col("decode_samples", "ttft_samples").drop_nulls(),
        decode.drop_nulls().alias("decode_medians"),
        ttft.drop_nulls().alias("ttft_medians"),
        is_ok.sum().alias("replicates"),
        pl.when(was_watched.any()).then((is_ok & is_disturbed).sum()).alias("processes_disturbed"),
        pl.len().alias("processes"),
        (~is_ok).sum().alias("bad_processes"),
        pl.col("reason").filter(~is_ok).drop_nulls().unique().sort().alias("reasons"),
        pl.col("disturbed_by").explode().drop_nulls().unique().sort(),
        pl.col("process").alias("record_numbers"),
    ]


def _repeated(figures: pl.DataFrame) -> pl.DataFrame:
    """Of each row, why processes were repeated: an entry for each."""
    why = pl.when(pl.col("status") == "ok").then(pl.lit("disturbed")).otherwise("status").alias("repeated_because")
    return figures.filter(~pl.col("stands")).group_by(GROUP_KEYS).agg(why)


def _uncertainty(row: dict[str, Any]) -> dict[str, Any]:
    """The intervals of a row, and its flags with what its samples say against it."""
    decode, ttft = interval(row["decode_medians"]), interval(row["ttft_medians"])
    decode_times = [[1 / rate for rate in rates] for rates in row["decode_samples"]]
    found = {
        "wide-ci": is_wide(decode, row["target_ci"]),
        "warmup": starts_slow(decode_times) or starts_slow(row["ttft_samples"]),
        "outlier": has_outlier(row["decode_samples"]),
    }
    told = {*row["flags"], *(name for name, is_so in found.items() if is_so)}
    ends = (*(decode or (None, None)), *(ttft or (None, None)), ";".join(sorted(told)))
    return dict(zip(_UNCERTAINTY, ends, strict=True))


def derive(rows: pl.DataFrame, alike: Sequence[str]) -> pl.DataFrame:
    """Add the figures that follow from a row's others; scaling is within rows equal in the columns `alike`.

    Where several of them have one thread (of other settings), it is unknown.
    """
    rate, threads, ghz = pl.col("decode_tok_per_s"), pl.col("threads"), pl.col("ghz")
    singles = rate.filter(threads == 1).drop_nulls()
    with_one_thread = pl.when(singles.len() == 1).then(singles.first()).over(alike)
    return rows.with_columns(
        tok_per_s_per_core=rate / threads,
        tok_per_s_per_ghz_per_core=rate / threads / ghz,
        cycles_per_token=pl.when(threads == 1).then(ghz * 1e9 / rate),
        scaling_efficiency=rate / (threads * with_one_thread),
        gb_per_s=pl.col("bytes_per_token") * rate / 1e9,
        roofline=pl.col("bytes_per_token") * rate / pl.col("read_bytes_per_s"),
    )


def conform(rows: pl.DataFrame) -> pl.DataFrame:
    """Put the summary's columns first, in their order and types, null where `rows` has no such column."""
    summary = [
        (pl.col(column.name) if column.name in rows.columns else pl.lit(None))
        .cast(DTYPES[column.kind])
        .alias(column.name)
        for column in COLUMNS
    ]
    return rows.select(*summary, *(name for name in rows.columns if name not in COLUMN_NAMES))


def _per_process(records: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """One row per process with its figures; those of a process that did not finish ok are null."""
    processes = frames.processes(records)
    ok = pl.col("status") == "ok"
    whole_life = processes.with_columns(
        pl.when(ok).then(expression).alias(name) for name, expression in _process_expressions().items()
    ).with_columns(flags=_flags_with_ghz())
    return whole_life.join(
        _over_samples(processes, frames.samples(records)), on="process", how="left", maintain_order="left"
    )


def _process_expressions() -> dict[str, pl.Expr]:
    return {
        "load_s": pl.col("load_ns") / 1e9,
        "compile_s": pl.col("compile_ns") / 1e9,
        "cold_start_s": pl.col("cold_start_ns") / 1e9,
        "peak_rss_mb": _positive("peak_rss_bytes") / 1e6,
        "steady_rss_mb": _positive("steady_rss_bytes") / 1e6,
        "weight_mb": _positive("weight_bytes") / 1e6,
        "bytes_per_token": _positive("bytes_per_token"),
        "read_bytes_per_s": _positive("read_bytes_per_s"),
        "ghz": _positive("ghz"),
        "energy_j_per_token": _positive("energy_j_per_token"),
    }


def _positive(name: str) -> pl.Expr:
    """A size or clock of nothing means that it could not be read."""
    return pl.when(pl.col(name) > 0).then(pl.col(name))


def _flags_with_ghz() -> pl.Expr:
    source = pl.when(pl.col("ghz") > 0).then("ghz-" + pl.col("ghz_source"))
    return pl.concat_list(pl.col("flags").fill_null([]), source)


def _over_samples(processes: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """One row per process that has timed answers: medians over them, percentiles over all their tokens."""
    sizes = processes.select("process", "n_prompt", "n_gen", "tokens_per_dispatch")
    token_ms = pl.col("token_ns").filter(pl.col("tokens_per_dispatch") == 1).explode() / 1e6
    return (
        samples.join(sizes, on="process", maintain_order="left")
        .with_columns(**_sample_expressions())
        .group_by("process", maintain_order=True)
        .agg(
            pl.col(*_SAMPLE_FIGURES).median(),
            samples=pl.len(),
            decode_samples=pl.col("decode_tok_per_s").drop_nulls(),
            ttft_samples=pl.col("ttft_ms").drop_nulls(),
            decode_tok_per_s_best=pl.col("decode_tok_per_s").max(),
            tpot_ms_p50=token_ms.quantile(0.50, "linear"),
            tpot_ms_p90=token_ms.quantile(0.90, "linear"),
            tpot_ms_p99=token_ms.quantile(0.99, "linear"),
            rss_growth_bytes_per_token=_rss_growth(),
        )
    )


def _sample_expressions() -> dict[str, pl.Expr]:
    n_prompt, n_gen, ttft_ns, decode_ns = (pl.col(name) for name in ("n_prompt", "n_gen", "ttft_ns", "decode_ns"))
    return {
        "decode_tok_per_s": pl.when(decode_ns > 0).then((n_gen - 1) * 1e9 / decode_ns),
        "e2e_tok_per_s": pl.when(ttft_ns + decode_ns > 0).then(n_gen * 1e9 / (ttft_ns + decode_ns)),
        "prefill_tok_per_s": pl.when(ttft_ns > 0).then(n_prompt * 1e9 / ttft_ns),
        "ttft_ms": ttft_ns / 1e6,
        "tpot_ms_per_1000_tokens": _slope_over_depth(),
    }


def _slope_over_depth() -> pl.Expr:
    """How many ms a token takes longer per 1,000 of depth, from the medians of an answer's first and last third.

    This is Tukey's resistant line (Exploratory Data Analysis, 1977): spikes do not tilt it.
    """
    tokens = pl.col("token_ns")
    third = tokens.list.len() // 3
    longer_ns = tokens.list.tail(third).list.median() - tokens.list.head(third).list.median()
    has_depth = (pl.col("tokens_per_dispatch") == 1) & (tokens.list.len() >= _DEPTHS)
    return pl.when(has_depth).then(longer_ns / 1e6 / (tokens.list.len() - third) * 1000)


def _rss_growth() -> pl.Expr:
    """Least-squares slope of resident bytes, read at the end of each answer, over the tokens generated by then."""
    readable = pl.col("rss_bytes") > 0
    rss = pl.col("rss_bytes").filter(readable)
    tokens = (pl.col("sample") * pl.col("n_gen")).filter(readable)
    return pl.when(readable.sum() >= 3).then(pl.cov(rss, tokens) / tokens.var())
