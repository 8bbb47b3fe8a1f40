"""How much memory grows from call to call, where it should not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from statistics import median

from smjax.worker.process import resident_parts

WINDOWS = 5
_TRIES = 3
_LONGER = 3
"""Times as many calls in the next try: a page that something else touched counts less then, what is lost does not."""


def growth_per_1000_calls(calls: Callable[[int], None], count: int) -> float | None:
    """Bytes of anonymous memory by which calls grow it; None where the kernel does not tell.

    Of windows of `count` calls, and of longer ones where there was any growth: the least of these.
    """
    found = list[float]()
    for _ in range(_TRIES):
        growth = _of_windows(calls, count)
        if not growth:
            return growth
        found.append(growth)
        count *= _LONGER
    return min(found, key=abs)


def _of_windows(calls: Callable[[int], None], count: int) -> float | None:
    """The median of some windows.

    An allocator takes memory from the system in steps of up to 256 KB: one of them is no growth, what grows with each
    call grows in every window.
    """
    readings = [resident_parts()[0]]
    for _ in range(WINDOWS):
        calls(count)
        readings.append(resident_parts()[0])
    known = [reading for reading in readings if reading is not None]
    if len(known) < len(readings):
        return None
    return median(after - before for before, after in pairwise(known)) * 1000 / count
