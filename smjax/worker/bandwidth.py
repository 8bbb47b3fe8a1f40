"""How fast memory is read that is made for nothing else, by as many threads as decode, pinned alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smjax.core import native_library

READ_SECONDS = 0.2
"""How long a worker reads what its decode step reads."""
TIMES_THE_CACHE = 4
"""Of twice what they hold, caches that do not forget the oldest first would still answer for a third."""
LEAST_BYTES = 1 << 28
"""A guest of a virtual machine is told of less cache than its CPU has."""
_SHARE_OF_FREE = 4
LINE_BYTES = 64
"""Of a cache: a read that lies across two of them is slower, and no weight does."""


def read_new_memory(n_bytes: int, cpus: Sequence[int], threads: int, seconds: float) -> float | None:
    """Bytes a second at which `n_bytes` are read over and over; None without the library.

    Raises MemoryError where there is no room for them, ValueError where the system gives no such threads.
    """
    if native_library.library() is None:
        return None
    memory = np.ones(n_bytes + LINE_BYTES, np.uint8)  # written to: pages that were not are all one page of zeros
    start = memory.ctypes.data + -memory.ctypes.data % LINE_BYTES
    native_library.start("auto", cpus, threads)
    return native_library.read_bandwidth([(start, n_bytes)], seconds)


def bytes_to_read(cache_bytes: int | None, free_bytes: int) -> int | None:
    """So many that caches of `cache_bytes` hold little of them; None where that is not known, or not to be had."""
    if cache_bytes is None:
        return None
    fitting = min(max(TIMES_THE_CACHE * cache_bytes, LEAST_BYTES), free_bytes // _SHARE_OF_FREE)
    return fitting if fitting >= 2 * cache_bytes else None
