"""Hand-made records of microbenchmarks with round figures, so that expected values can be computed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from smjax.core.records.document import made_record
from smjax.core.records.per_point import per_point
from smjax.core.records.record import Record
from smjax.report.data import rows
from tests.report.factory import placed, record

UNASKED = {"model": "", "ctx": 0, "n_prompt": 0, "n_gen": 0, "tokens_per_dispatch": 0}
"""What a microbenchmark's scenario has instead of what is asked for of answers."""


def answer(
    op: str = "gemm",
    shape: str = "f32:10x10x10",
    call_us: Sequence[float] | None = (4.0,),
    loop_us: Sequence[float] | None = (2.0,),
    *,
    cache: str = "hot",
    **changes: Any,
) -> dict[str, Any]:
    """A point by the microseconds of its samples. By default 2,000 operations and 1,000 bytes at 1 GFLOP/s, 0.5 GB/s.

    Peak and bandwidth are 4 GFLOP/s and 2 GB/s.
    """
    spans = {"call_ns": call_us or (), "loop_ns": loop_us or ()}
    most = max(map(len, spans.values()))
    samples = [
        {name: round(us[number] * 1000, 3) if number < len(us) else None for name, us in spans.items()}
        for number in range(most)
    ]
    return {
        "point": {"op": op, "shape": shape, "cache": cache},
        "samples": samples,
        "flops": 2000,
        "bytes": 1000,
        "peak_flop_per_s": 4e9,
        "bandwidth_bytes_per_s": 2e9,
        "bandwidth_level": "L1",
        "temp_bytes": 0,
        "growth_bytes_per_1000_calls": 0,
        "nmse": 1e-14,
    } | changes


def process(
    answers: Sequence[dict[str, Any]],
    block: int = 0,
    position: int = 0,
    *,
    kernel: str = "xla",
    threads: int = 1,
    run: str = "first",
    machine: str = "here",
    **changes: Any,
) -> dict[str, Any]:
    """A process that measured these points; `changes` as in `record`."""
    date = changes.pop("date", f"2026-03-01T10:{block:02d}:{position:02d}Z")
    asked = {"kernel": kernel, "threads": threads, "replicate": block, "date": date, **UNASKED, **changes}
    one = record(**asked)
    one["scenario"]["points"] = [answer["point"] for answer in answers]
    one["resolved"] = {"kernel": kernel, "isa": "avx2", "kv_dtype": "auto"}
    for name in ("samples", "warmup_samples", "bytes_per_token"):
        del one[name]
    one |= {"id": f"{one['id']}-{kernel}", "points": list(answers)}
    return placed(one, block, position, run=run, machine=machine)


def read(processes: Sequence[dict[str, Any]]) -> list[Record]:
    """The records as they are when they have been written and read: one for each point."""
    return [point for one in processes for point in per_point(made_record(one))]


def scenarios(processes: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """The rows of processes that lie on disk so."""
    return rows.scenarios(read(processes))


def rows_of(processes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same as dicts."""
    return scenarios(processes).to_dicts()
