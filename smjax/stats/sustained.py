"""How much one gets in the long run: a rate of sums over processes, with the interval of a ratio estimator.

Nothing is bent: what stragglers cost is in it, and so is how uncertain that is.

References: Cochran, "Sampling Techniques", 3rd edition, Wiley 1977, chapter 6, on ratios of two sums.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from smjax.stats.intervals import LEVEL, Interval
from smjax.stats.location import Estimate, estimate


def interval_of_sums(
    amounts: Sequence[float], times: Sequence[float], rates: Interval, first: int | None = None, level: float = LEVEL
) -> Interval:
    """All amounts / all times; what each process got in which time, in the order of time.

    `rates` is what `intervals.judge` says of the processes' own rates, told of the same `first`: where these have no
    interval, neither has this.
    """
    if rates.centre is None:
        return rates
    got, took = np.asarray(amounts, float), np.asarray(times, float)
    rate = float(got.sum() / took.sum())
    if rates.estimate is None:
        return Interval(rate, None, None, rates.reason, rates.testable)
    residuals = got - rate * took
    error = math.sqrt(got.size / (got.size - 1) * float(np.square(residuals).sum())) / float(got.sum())
    wider = 1.0 if first is None else _widened_by(rates.estimate, got / took)
    found = Estimate(math.log(rate), error * wider, got.size - 1)
    return Interval(rate, *found.at(found.reach(level)), rates.reason, rates.testable, found)


def _widened_by(judged: Estimate, rates: np.ndarray) -> float:
    """How much larger an error is because the first processes decided how many there are."""
    own = estimate(np.log(rates)).error
    return judged.error / own if own else 1.0
