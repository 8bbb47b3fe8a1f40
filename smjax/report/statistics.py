"""From records to one row per scenario: every figure of the summary and how it is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from smjax.core.schema import COLUMN_NAMES, COLUMNS
from smjax.report import frames

GROUP_KEYS = (*frames.SCENARIO_KEYS, *frames.COMPARED_KEYS)
"""Records that agree in all of these are processes of one row."""

_SORT_KEYS = ("arch", "cpu", "host", "model", "ctx", "threads", *GROUP_KEYS)
_WORST_LAST = pl.Enum(["ok", "refused", "failed", "timeout", "killed"])
_DTYPES = {"text": pl.String, "int": pl.Int64, "float": pl.Float64}

_SAMPLE_FIGURES = ("decode_tok_per_s", "e2e_tok_per_s", "prefill_tok_per_s", "ttft_ms")
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
)


def summarise(records: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """One row per scenario with exactly the columns of the summary; null where unknown."""
    return scenarios(records).select(COLUMN_NAMES)


def scenarios(records: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """The summary's columns and, for tables and comparisons, `model_hash`, `processes`, `bad_processes`, `reasons`
    and the samples behind the row (`decode_samples` tok/s, `ttft_samples` ms).
    """
    figures = _per_process(records)
    rows = figures.group_by(GROUP_KEYS, maintain_order=True).agg(
        pl.col("model", "arch", "cpu", "os").first(),
        pl.col("date").min(),
        pl.col("status").cast(_WORST_LAST).max().cast(pl.String),
        pl.col("flags").explode().drop_nulls().unique().sort(),
        pl.col(*_PROCESS_FIGURES).median(),
        pl.col("samples").sum(),
        pl.col("decode_samples", "ttft_samples").explode().drop_nulls(),
        replicates=(pl.col("status") == "ok").sum(),
        processes=pl.len(),
        bad_processes=(pl.col("status") != "ok").sum(),
        reasons=pl.col("reason").filter(pl.col("status") != "ok").drop_nulls().unique().sort(),
    )
    rows = rows.with_columns(pl.col("flags").list.join(";"))
    alike = [key for key in GROUP_KEYS if key != "threads"]
    return conform(derive(rows, alike)).sort(_SORT_KEYS, nulls_last=True)


def derive(rows: pl.DataFrame, alike: Sequence[str]) -> pl.DataFrame:
    """Add the figures that follow from a row's others; scaling is within rows equal in the columns `alike`."""
    rate, threads, ghz = pl.col("decode_tok_per_s"), pl.col("threads"), pl.col("ghz")
    with_one_thread = rate.filter(threads == 1).first().over(alike)
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
        .cast(_DTYPES[column.kind])
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
            decode_samples=pl.col("decode_tok_per_s"),
            ttft_samples=pl.col("ttft_ms"),
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
    }


def _rss_growth() -> pl.Expr:
    """Least-squares slope of resident bytes, read at the end of each answer, over the tokens generated by then."""
    readable = pl.col("rss_bytes") > 0
    rss = pl.col("rss_bytes").filter(readable)
    tokens = (pl.col("sample") * pl.col("n_gen")).filter(readable)
    return pl.when(readable.sum() >= 3).then(pl.cov(rss, tokens) / tokens.var())
