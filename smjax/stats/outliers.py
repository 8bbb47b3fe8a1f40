"""Whether one of several values stands out. Nothing is dropped for it.

References: Iglewicz, Hoaglin, "How to Detect and Handle Outliers", ASQC 1993.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_CUT_OFF = 3.5
"""Of the modified z-score, by Iglewicz and Hoaglin."""
_FEW = 5
"""Fewer values than this have no outlier."""
_MATTERS = 0.02
"""An outlier closer than this to the middle changes nothing."""


def has_outlier(rates: Sequence[Sequence[float]]) -> bool:
    """Whether a process's median stands out among theirs; of fewer than five processes, a sample among its siblings.

    `rates` are the samples of each process, positive numbers of one unit.
    """
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
