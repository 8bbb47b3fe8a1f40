"""A slower engine of known size, to find out what comparisons see: a busy wait follows each dispatch but the first."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

import numpy as np


class Handicapped:
    """See `smjax.worker.engines.Engine`; decoding takes `1 + share` of what it takes `engine`."""

    def __init__(self, engine: Any, share: float) -> None:
        self._engine, self._share = engine, share

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def answer(self, prompt: np.ndarray, n_ids: int, heard: Callable[[np.ndarray], None]) -> Any:
        started: int | None = None

        def late(ids: np.ndarray) -> None:
            nonlocal started
            now = perf_counter_ns()
            until = now if started is None else now + self._share * (now - started)
            while perf_counter_ns() < until:
                pass
            heard(ids)
            started = perf_counter_ns()

        return self._engine.answer(prompt, n_ids, late)
