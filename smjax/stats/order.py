"""Whether values come in an order that chance does not explain."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

_CHANCE = 0.005
"""How often times without a trend may be called slow at first."""
_SLOW = 1.01


def starts_slow(times: Sequence[Sequence[float]]) -> bool:
    """Whether the first kept answers took longer than the others, so that the warm-up was too short.

    `times` are those of each process, of one unit, in the order in which they were taken. In a process whose n samples
    have no trend, the first is as likely to be slower than none, one, … all of the others. Over all processes it must
    be slower than more of them than that explains, and by 1 % than their median in the median process.
    """
    judged = [np.asarray(process) for process in times if len(process) > 2 and min(process) > 0]
    if not judged:
        return False
    slower_than = sum(int((process[0] > process[1:]).sum()) for process in judged)
    chances = reduce(np.convolve, (np.full(len(process), 1 / len(process)) for process in judged))
    delays = [process[0] / np.median(process[1:]) for process in judged]
    return bool(chances[slower_than:].sum() <= _CHANCE and np.median(delays) > _SLOW)
