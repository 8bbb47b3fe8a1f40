"""Turns records into two flat polars frames: one row per worker process, one row per timed answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import polars as pl

PolarsType = pl.DataType | type[pl.DataType]

SCENARIO_KEYS = ("model_hash", "n_prompt", "n_gen", "ctx", "threads", "tokens_per_dispatch")
"""What makes two rows the same scenario."""

COMPARED_KEYS = ("engine", "kernel", "isa", "kv_dtype", "jaxlib", "smjax", "host", "provenance")
"""What a comparison compares, besides."""

GROUP_KEYS = (*SCENARIO_KEYS, *COMPARED_KEYS, "identity")
"""Records that agree in all of these are processes of one row."""

_CHOSEN_BY_WORKER = ("kernel", "isa", "kv_dtype")

_PROCESS_FIELDS: dict[str, tuple[str, type[pl.DataType]]] = {
    "status": ("status", pl.String),
    "reason": ("reason", pl.String),
    "date": ("date", pl.String),
    "replicate": ("replicate", pl.Int64),
    "attempt": ("attempt", pl.Int64),
    "identity": ("identity", pl.String),
    "sources": ("identity_parts.smjax's files", pl.String),
    "settings": ("identity_parts.settings", pl.String),
    "target_ci": ("scenario.measure.target_ci", pl.Float64),
    "provenance": ("provenance", pl.String),
    "host": ("host", pl.String),
    "smjax": ("smjax", pl.String),
    "worker_jaxlib": ("versions.jaxlib", pl.String),
    "jaxlib": ("environment.packages.jaxlib", pl.String),
    "arch": ("environment.cpu.arch", pl.String),
    "cpu": ("environment.cpu.model", pl.String),
    "os": ("environment.os.name", pl.String),
    "model": ("model.name", pl.String),
    "model_hash": ("model.hash", pl.String),
    "engine": ("scenario.engine", pl.String),
    "requested_kernel": ("scenario.kernel", pl.String),
    "requested_isa": ("scenario.isa", pl.String),
    "requested_kv_dtype": ("scenario.kv_dtype", pl.String),
    "threads": ("scenario.threads", pl.Int64),
    "ctx": ("scenario.ctx", pl.Int64),
    "n_prompt": ("scenario.n_prompt", pl.Int64),
    "n_gen": ("scenario.n_gen", pl.Int64),
    "tokens_per_dispatch": ("scenario.tokens_per_dispatch", pl.Int64),
    "kernel": ("resolved.kernel", pl.String),
    "isa": ("resolved.isa", pl.String),
    "kv_dtype": ("resolved.kv_dtype", pl.String),
    "load_ns": ("phases_ns.load", pl.Int64),
    "compile_ns": ("phases_ns.compile", pl.Int64),
    "cold_start_ns": ("phases_ns.cold_start", pl.Int64),
    "peak_rss_bytes": ("memory.peak_rss_bytes", pl.Int64),
    "steady_rss_bytes": ("memory.steady_rss_bytes", pl.Int64),
    "weight_bytes": ("memory.weight_bytes", pl.Int64),
    "bytes_per_token": ("bytes_per_token", pl.Float64),
    "read_bytes_per_s": ("read_bandwidth.bytes_per_s", pl.Float64),
    "ghz": ("ghz.value", pl.Float64),
    "ghz_source": ("ghz.source", pl.String),
    "energy_j_per_token": ("energy.joules_per_token", pl.Float64),
}
_SAMPLE_SCHEMA: dict[str, PolarsType] = {
    "process": pl.Int64,
    "sample": pl.Int64,
    "ttft_ns": pl.Int64,
    "decode_ns": pl.Int64,
    "rss_bytes": pl.Int64,
    "token_ns": pl.List(pl.Int64),
}


def look(record: Any, path: str) -> Any:
    """The value at a dotted path, or None where any step of it is missing."""
    for name in path.split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record


def typed(value: Any, dtype: type[pl.DataType]) -> Any:
    """`value` if it is of that type, else None: what is not as expected is unknown."""
    kinds: dict[type[pl.DataType], tuple[type, ...]] = {pl.String: (str,), pl.Int64: (int,), pl.Float64: (int, float)}
    is_kind = isinstance(value, kinds[dtype]) and not isinstance(value, bool)
    is_number = isinstance(value, int | float)
    return value if is_kind and not (is_number and (not math.isfinite(value) or abs(value) >= 2**63)) else None


def _texts(value: Any) -> list[str] | None:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else None


def processes(records: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """One row per record, numbered by `process`; a failed worker's kernel, isa and kv_dtype are its siblings'.

    `stands` is false where a later attempt took the process's place.
    """
    rows = [
        {
            "process": number,
            "flags": look(record, "flags") or [],
            "disturbed_by": _texts(look(record, "readings.disturbed")),
        }
        | {name: typed(look(record, path), dtype) for name, (path, dtype) in _PROCESS_FIELDS.items()}
        for number, record in enumerate(records)
    ]
    fields = {name: dtype for name, (_, dtype) in _PROCESS_FIELDS.items()}
    texts = dict.fromkeys(("flags", "disturbed_by"), pl.List(pl.String))
    schema: dict[str, PolarsType] = {"process": pl.Int64, **texts, **fields}
    frame = pl.DataFrame(rows, schema=schema)
    frame = frame.with_columns(
        jaxlib=pl.coalesce("worker_jaxlib", "jaxlib"),
        attempt=pl.col("attempt").fill_null(0),
        identity=pl.col("identity").replace("", None),
        sources=pl.col("sources").str.slice(0, 8),
        settings=pl.col("settings").str.slice(0, 8),
    )
    return _with_choices(frame).with_columns(stands=_stands())


def _stands() -> pl.Expr:
    """Of the attempts in one slot the last that finished ok, else the last.

    A slot is one replicate of one row in one run: in the order of time every attempt 0 begins another.
    """
    replicate, time = [*GROUP_KEYS, "replicate"], ["date", "attempt", "process"]
    run = (pl.col("attempt") == 0).cum_sum().over(replicate, order_by=time)
    last = pl.col("process").sort_by(pl.col("status") == "ok", *time).last()
    return pl.col("process") == last.over(*replicate, run)


def _with_choices(frame: pl.DataFrame) -> pl.DataFrame:
    """Fill in what a worker that did not get there would have chosen, so that it shares a row with its siblings."""
    asked = [f"requested_{name}" for name in _CHOSEN_BY_WORKER]
    same_request = [*(key for key in GROUP_KEYS if key not in _CHOSEN_BY_WORKER), *asked]
    return frame.with_columns(
        pl.coalesce(name, pl.col(name).drop_nulls().first().over(same_request), f"requested_{name}")
        for name in _CHOSEN_BY_WORKER
    )


def samples(records: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """One row per timed answer of the processes that finished ok, warm-up excluded; times in ns."""
    rows = [
        {"process": process, "sample": number, "token_ns": sample.get("token_ns") or None}
        | {name: typed(sample.get(name), pl.Int64) for name in ("ttft_ns", "decode_ns", "rss_bytes")}
        for process, record in enumerate(records)
        if record["status"] == "ok"
        for number, sample in enumerate(record.get("samples") or [])
    ]
    return pl.DataFrame(rows, schema=_SAMPLE_SCHEMA)
