"""How much memory grows from call to call, where it should not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from statistics import median

from smjax.worker.process import resident_parts

WINDOWS = 5


def growth_per_1000_calls(calls: Callable[[int], None], count: int) -> float | None:
    """Bytes of anonymous memory: the median of some windows of `count` calls; None where the kernel does not tell.

    The median, as an allocator takes memory from the system in steps of up to 256 KB: one of them is no growth, what
    grows with each call grows in every window.
    """
    readings = [resident_parts()[0]]
    for _ in range(WINDOWS):
        calls(count)
        readings.append(resident_parts()[0])
    known = [reading for reading in readings if reading is not None]
    if len(known) < len(readings):
        return None
    return median(after - before for before, after in pairwise(known)) * 1000 / count
