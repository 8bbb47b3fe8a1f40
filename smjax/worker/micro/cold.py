"""Puts something else into the caches: a walk over more memory than they hold, on every CPU of the process."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import jax
import numpy as np

from smjax.core.machine.caches import last_level_bytes
from smjax.core.machine.topology import available_bytes, usable_cpus
from smjax.worker.bandwidth import LEAST_BYTES, bytes_to_read


class Walk:
    """Threads, one a CPU, which sleep but for a walk: what a core's own caches hold, only that core displaces."""

    def __init__(self, cpus: Sequence[int], n_bytes: int) -> None:
        self.n_bytes = n_bytes
        self._parts = np.array_split(np.ones(n_bytes, np.uint8), len(cpus))
        places = count()
        self._threads = ThreadPoolExecutor(len(cpus), initializer=lambda: _pin(cpus[next(places)]))
        self._nothing = jax.device_put(np.int32(0))
        self._dispatch: Callable[[jax.Array], jax.Array] = jax.jit(lambda x: x + 1)

    @classmethod
    def of(cls, cpus: Sequence[int]) -> Walk:
        """Over what is read where memory is measured; raises MemoryError where there is no room for it."""
        cpus = cpus or usable_cpus()
        cache_bytes = last_level_bytes(cpus)
        n_bytes = LEAST_BYTES if cache_bytes is None else bytes_to_read(cache_bytes, available_bytes())
        if n_bytes is None:
            raise MemoryError(f"cache=cold: expected room for twice the caches' {cache_bytes} bytes, found less")
        return cls(cpus, n_bytes)

    def __call__(self) -> None:
        """Walk; then call the smallest of programs, as an op's inputs are to be cold and Python and JAX are not."""
        list(self._threads.map(np.max, self._parts))
        self._dispatch(self._nothing).block_until_ready()


def _pin(cpu: int) -> None:
    """The thread that calls, where the system pins threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {cpu})
