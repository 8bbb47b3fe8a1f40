"""Ratios of two rows with their intervals: of independent sides, paired by blocks, and between runs.

A ratio says what it could have found: `detectable` is the smallest change that this much data finds 9 times in 10.

References: Welch, "The generalization of Student's problem when several different population variances are involved",
Biometrika 34, 1947; Kalibera, Jones, "Rigorous benchmarking in reasonable time", ISMM 2013, on levels of variation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smjax.stats.intervals import LEVEL, Interval, judge, too_few
from smjax.stats.location import FURTHEST, Estimate, combined, quantile_t
from smjax.stats.runs import BetweenRuns, between

POWER = 0.9
_MOST_BLOCKS = 10_000
_MOST_RUNS = 1_000


@dataclass(frozen=True)
class Ratio:
    """new / base with its interval; None throughout where there is none, and `reason` says why."""

    ratio: float | None
    lo: float | None
    hi: float | None
    detectable: float | None
    """As a share: 0.03 if a change of 3 % is found 9 times in 10."""
    reason: str = ""
    estimate: Estimate | None = None


def unpaired(
    base: Interval,
    new: Interval,
    level: float = LEVEL,
    runs: tuple[BetweenRuns | None, BetweenRuns | None] = (None, None),
) -> Ratio:
    """The ratio of two sides measured independently, of intervals of the same level.

    `runs`: how far runs of each side lie apart, where the sides are single runs; the same object where both sides'
    spread was estimated from the same runs.
    """
    if base.estimate is None or new.estimate is None:
        whose = [f"{name}: {side.reason}" for name, side in (("base", base), ("new", new)) if side.estimate is None]
        return Ratio(None, None, None, None, "; ".join(whose))
    reasons = dict.fromkeys(side.reason for side in (base, new) if side.reason)
    return of_estimate(between(new.estimate, base.estimate, (runs[1], runs[0])), level, "; ".join(reasons))


def paired(base: Sequence[float], new: Sequence[float], level: float = LEVEL) -> Ratio:
    """The ratio of two sides measured in the same blocks: figures by block, in the order of time, of equal length.

    What slows a block cancels, so the tests for two speeds, drift and serial order are made on the blocks' ratios.
    Blocks in which a side has no figure (NaN) do not count.
    """
    ratios = np.asarray(new, float) / np.asarray(base, float)
    found = judge(list(ratios[~np.isnan(ratios)]), level)
    if found.estimate is None:
        return Ratio(None, None, None, None, found.reason.replace("processes", "blocks").replace("process", "block"))
    return of_estimate(found.estimate, level, found.reason)


def of_estimate(found: Estimate, level: float = LEVEL, reason: str = "") -> Ratio:
    """The ratio whose logarithm was estimated so; none where the interval would have no ends."""
    reach = found.reach(level)
    if reach > FURTHEST:
        return Ratio(None, None, None, None, too_few(level))
    return Ratio(math.exp(found.centre), *found.at(reach), detectable(found, level), reason, found)


def detectable(found: Estimate, level: float = LEVEL, within: float = 0.0) -> float:
    """The smallest change, as a share, with which 9 in 10 intervals of such data leave out 1 and end beyond `within`.

    A change is found where the estimate is further from 0 than t((1 + level) / 2) errors, and the interval's far end
    further than what makes no difference; one as large as that and t(0.9) errors more is, with chance 0.9, because
    estimate less change over error follows t.
    """
    reach = found.reach(level)
    least = max(reach, math.log1p(within) - reach)
    return math.expm1(least + (quantile_t(POWER, found.degrees) * found.error if found.error else 0.0))


def more_blocks(found: Estimate, blocks: int, within: float, level: float = LEVEL) -> int | None:
    """About how many more blocks decide, if the ratio stays where it is; 0 if it is decided, None if none would.

    Decided is what leaves out 1 or lies inside 1 ± `within`.
    """
    for count in range(blocks, max(blocks, _MOST_BLOCKS) + 1):
        reach = quantile_t((1 + level) / 2, found.degrees * count / blocks) * found.error * math.sqrt(blocks / count)
        if _decides(found.centre, reach, within):
            return count - blocks
    return None


def more_runs(centre: float, sides: Sequence[tuple[int, float]], within: float, level: float = LEVEL) -> int | None:
    """About how many more runs of each side decide; None if none would.

    `sides`: how many runs there are, and the variance of what one run finds, of logarithms. Student's t over runs then
    needs nothing of what is known or assumed of their spread.
    """
    for more in range(1, _MOST_RUNS + 1):
        variances = tuple(variance / (runs + more) for runs, variance in sides)
        error, degrees = combined(variances, tuple(runs + more - 1 for runs, _ in sides))
        if _decides(centre, quantile_t((1 + level) / 2, degrees) * error, within):
            return more
    return None


def _decides(centre: float, reach: float, within: float) -> bool:
    """Whether an interval leaves out 1, or lies inside of what makes no difference."""
    return reach < abs(centre) or abs(centre) + reach <= math.log1p(within)
