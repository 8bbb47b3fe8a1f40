"""A slower engine of known size, to find out what comparisons see: every dispatch is followed by a busy wait."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter_ns
from typing import Any

import numpy as np


class Handicapped:
    """See `smjax.worker.engines.Engine`; decoding takes `1 + share` of what it takes `engine`."""

    def __init__(self, engine: Any, share: float) -> None:
        self._engine, self._share = engine, share

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def decode(self, n_ids: int) -> Iterator[np.ndarray]:
        started = perf_counter_ns()
        for ids in self._engine.decode(n_ids):
            now = perf_counter_ns()
            until = now + self._share * (now - started)
            while perf_counter_ns() < until:
                pass
            yield ids
            started = perf_counter_ns()
