"""What every picture has something to draw of: sweeps, ops, three runs, and a profile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from smjax.core.records.profile import PARTS
from smjax.report.data.contents import Contents
from smjax.report.data.profile_document import ToldPart, ToldProfile, ToldRatio, ToldStep
from smjax.report.data.rows import scenarios
from tests.report import op_factory
from tests.report.factory import placed, read, record, sample

RATES = (1.0, 1.01, 0.99, 1.02, 0.98, 1.0)
"""Of a row's processes."""


def answers(provenance: str = "measured", model: str = "tinystories-1m", run: str = "first") -> list[dict[str, Any]]:
    """Two kernels, contexts and numbers of threads, with the time of every token."""
    points = [(kernel, ctx, threads) for kernel in ("xla", "native") for ctx in (256, 1024) for threads in (1, 2)]
    return [
        _process(number * len(points) + place, rate, point, provenance, model, run)
        for number, rate in enumerate(RATES)
        for place, point in enumerate(points)
    ]


def _process(
    position: int, rate: float, point: tuple[str, int, int], provenance: str, model: str, run: str
) -> dict[str, Any]:
    kernel, ctx, threads = point
    token_ms = 10 * ctx / 256 / threads**0.8 / (2 if kernel == "native" else 1) / rate
    samples = [sample(100 * token_ms, ttft_ms=token_ms * 20, token_ms=[token_ms] * 100)] * 2
    changes = {"ctx": ctx, "n_prompt": ctx - 101, "threads": threads, "kernel": kernel, "tokens_per_dispatch": 1}
    found = placed(record(samples, model=model, **changes), position // 8, position, run=run)
    return found | {
        "id": f"{found['id']}-{provenance}-{model}",
        "identity": f"{kernel}-{threads}-{ctx}-{model}",
        "provenance": provenance,
        "resolved": {"kernel": kernel, "isa": "avx512", "kv_dtype": "float32"},
        "read_bandwidth": {"bytes_per_s": 4e9, "working_set_bytes": 4e6},
    }


def ops() -> list[dict[str, Any]]:
    """Products and memory at three sizes."""
    found = []
    for block, rate in enumerate(RATES):
        products = [
            op_factory.answer("gemm", f"f32:{n}x{n}x{n}", [n * 0.4 / rate], [n * 0.2 / rate], bytes=100 * n)
            for n in (10, 20, 40)
        ]
        memory = [
            op_factory.answer("memory", f"read:{n << 10}", [n / rate], [n / 2 / rate], flops=0, bytes=n << 10)
            for n in (16, 64, 256)
        ]
        found.append(op_factory.process([*products, *memory], block))
    return found


def profile() -> ToldProfile:
    """Each part takes 2 µs, of which one is for its bytes."""
    parts = [ToldPart(part, meaning, 2.0, 0.1, at_bandwidth_us=1.0) for part, meaning in PARTS.items()]
    step = ToldStep(20.0, 20.0, ToldRatio(1, 0.9, 1.1), ToldRatio(1, 0.9, 1.1), 8, 10.0, parts)
    return ToldProfile("tiny", "native", "avx2", "float32", 1, 256, 128, 128, 42, 4, 3, "stamps", step, step)


def contents() -> Contents:
    """All of them together."""
    later = [
        _process(position, rate, ("xla", 256, 1), "measured", "tinystories-1m", run)
        | {"date": f"2026-0{month}-01T10:00:00+00:00"}
        for month, run in ((4, "second"), (5, "third"))
        for position, rate in enumerate(RATES)
    ]
    records = [*read([*answers(), *later]), *op_factory.read(ops())]
    return replace(Contents(records, scenarios(records)), profiles=[profile()])
