"""What a row's samples say against the row: too wide an interval, too short a warm-up, outliers. Nothing is dropped.

References: Iglewicz, Hoaglin, "How to Detect and Handle Outliers", ASQC 1993.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from smjax.stats.intervals import half_width

Processes = Sequence[Sequence[float]]
"""The samples of each process of a row, tok/s or ms, in the order in which they were taken."""

_CUT_OFF = 3.5
"""Of the modified z-score, by Iglewicz and Hoaglin."""
_FEW = 5
"""Fewer values than this have no outlier."""
_MATTERS = 0.02
"""An outlier closer than this to the middle changes nothing."""
_CHANCE = 0.005
"""How often decode, or TTFT, of a row without a trend may be called slow at first."""
_SLOW = 1.01


def is_wide(bounds: tuple[float, float] | None, target: float | None) -> bool:
    """Whether the interval was to be narrower than this half-width, and is not."""
    return bounds is not None and target is not None and half_width(bounds) > target


def starts_slow(times: Processes) -> bool:
    """Whether the first kept answers took longer than the others, so that the warm-up was too short.

    In a process whose n samples have no trend, the first is as likely to be slower than none, one, … all of the others.
    Over all processes it must be slower than more of them than that explains, and by 1 % than their median in the
    median process.
    """
    judged = [np.asarray(process) for process in times if len(process) > 2 and min(process) > 0]
    if not judged:
        return False
    slower_than = sum(int((process[0] > process[1:]).sum()) for process in judged)
    chances = reduce(np.convolve, (np.full(len(process), 1 / len(process)) for process in judged))
    delays = [process[0] / np.median(process[1:]) for process in judged]
    return bool(chances[slower_than:].sum() <= _CHANCE and np.median(delays) > _SLOW)


def has_outlier(rates: Processes) -> bool:
    """Whether a process's median stands out among theirs; of fewer than five processes, a sample among its siblings."""
    if len(rates) >= _FEW:
        return _stands_out([float(np.median(process)) for process in rates])
    return _stands_out([rate for process in rates for rate in _beside_the_others(process)])


def _beside_the_others(process: Sequence[float]) -> list[float]:
    """Each sample over the median of the others, without which the median itself would always be 1."""
    if len(process) < 2:
        return []
    return [rate / float(np.median(np.delete(process, number))) for number, rate in enumerate(process)]


def _stands_out(values: Sequence[float]) -> bool:
    """The modified z-score of the logarithms; where over half of them are equal, of the mean absolute deviation."""
    if len(values) < _FEW:
        return False
    logs = np.log(values)
    distances = np.abs(logs - np.median(logs))
    sigma = np.median(distances) / 0.6745 or distances.mean() * 1.2533
    return bool(((distances > _CUT_OFF * sigma) & (distances > _MATTERS)).any())
