"""Times an engine's answers: prefill to the first id, then every dispatch, in integer nanoseconds."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from time import perf_counter_ns
from typing import Any

import numpy as np

from smjax.worker.engines import Engine
from smjax.worker.process import rss_bytes


@dataclass(frozen=True)
class Sample:
    """One answer: `n_gen` ids to one prompt."""

    ttft_ns: int
    """From prompt ids on the host to the first id on the host."""
    decode_ns: int
    """From the first id on the host to the last."""
    token_ns: list[int] | None
    """Of each id after the first, where each was dispatched alone."""
    rss_bytes: int | None
    """Resident memory after it."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def time_answers(engine: Engine, prompt: np.ndarray, n_gen: int, count: int, each_token: bool) -> list[Sample]:
    """`count` samples; nothing but the engine runs between the readings of the clock."""
    samples = []
    for _ in range(count):
        started = perf_counter_ns()
        engine.prefill(prompt)
        stamps = [perf_counter_ns()]
        stamps.extend(perf_counter_ns() for _ in engine.decode(n_gen - 1))
        steps = np.diff(stamps).tolist() if each_token else None
        samples.append(Sample(stamps[0] - started, stamps[-1] - stamps[0], steps, rss_bytes()))
    return samples


@contextmanager
def garbage_collection_off() -> Iterator[None]:
    """Collect now, and not until this ends."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
