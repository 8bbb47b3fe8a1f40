"""Whether a row's processes ran at two speeds: a likelihood ratio of two levels, sharpened by their order in time.

Sorted values are cut in two wherever both parts have enough; a cut is worth n / 2 times the logarithm of how many times
it lessens the sum of squares (Engelman and Hartigan's test for two clusters, as a log-likelihood ratio), and minus the
logarithm of how likely so few changes between the parts are in time if the order is chance (Wald and Wolfowitz's runs).
A machine that has two speeds stays at one for a while; stragglers come alone, and at depths of their own.

References: Engelman, Hartigan, "Percentage points of a test for clusters", Journal of the American Statistical
Association 64, 1969; Wald, Wolfowitz, "On a test whether two samples are from the same population", Annals of
Mathematical Statistics 11, 1940.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from smjax.stats.location import Array

MATTERS = 0.01
"""Speeds closer together than this share are one."""
_PARTS = 5
"""The smaller part has one in so many values at least, and never fewer than two."""
_TINY = 1e-12


@dataclass(frozen=True)
class Cut:
    """The best cut in two of each sample (…)."""

    worth: Array
    lower: NDArray[np.int64]
    """How many values are in the lower part."""
    error_sum: Array
    """Sum of squares within the parts."""
    apart: Array
    """Distance between the parts' means."""
    critical: float
    """What a cut of normal values is worth more than in 2 % of samples."""

    @property
    def is_two(self) -> NDArray[np.bool_]:
        """Whether the parts are two speeds."""
        return (self.worth > self.critical) & (self.apart > math.log1p(MATTERS))


def best_cut(logs: Array) -> Cut:
    """The best cut of each sample (…, n), n ≥ 8, in the order of time."""
    n = logs.shape[-1]
    order = np.argsort(logs, -1, kind="stable")
    rank = np.argsort(order, -1, kind="stable")
    centred = np.take_along_axis(logs, order, -1) - logs.mean(-1, keepdims=True)
    total, sums = np.square(centred).sum(-1), np.cumsum(centred, -1)
    least = max(2, n // _PARTS)
    cuts = [_cut(rank, lower, sums[..., lower - 1], total) for lower in range(least, n - least + 1)]
    worth, error_sum, apart = (np.stack(parts) for parts in zip(*cuts, strict=True))
    best = worth.argmax(0)[None]
    worth, error_sum, apart = (np.take_along_axis(parts, best, 0)[0] for parts in (worth, error_sum, apart))
    # The critical value is a line through those of 20,000 normal samples each of 8 to 100 values.
    return Cut(worth, best[0] + least, error_sum, apart, 6.3 + 0.6 * n)


def _cut(rank: NDArray[np.int64], lower: int, lower_sum: Array, total: Array) -> tuple[Array, Array, Array]:
    """Worth of the cut after the `lower` lowest values, whose distances from the mean add up to `lower_sum`.

    And the sum of squares within its parts, and the distance between their means.
    """
    n, is_low = rank.shape[-1], rank < lower
    apart = -lower_sum * n / (lower * (n - lower))
    within = np.maximum(total + lower_sum * apart, _TINY * total)
    gain = np.log(np.divide(total, within, out=np.ones_like(within), where=within > 0))
    runs = 1 + (is_low[..., 1:] != is_low[..., :-1]).sum(-1)
    return np.asarray(n / 2 * gain - _log_chance_of_runs(lower, n - lower)[runs]), within, apart


@cache
def _log_chance_of_runs(a: int, b: int) -> Array:
    """By r, the logarithm of the chance that `a` and `b` things of two kinds in any order make r runs or fewer."""
    runs = np.arange(2, a + b + 1)
    half = runs // 2
    even = math.log(2) + _log_ways(a, half) + _log_ways(b, half)
    odd = np.logaddexp(
        _log_ways(a, half + 1) + _log_ways(b, half),
        _log_ways(a, half) + _log_ways(b, half + 1),
    )
    all_orders = gammaln(a + b + 1) - gammaln(a + 1) - gammaln(b + 1)
    chances = np.logaddexp.accumulate(np.where(runs % 2, odd, even) - all_orders)
    return np.concatenate([[-np.inf, -np.inf], np.minimum(chances, 0)])


def _log_ways(things: int, runs: NDArray[np.int64]) -> Array:
    """Logarithm of the number of ways in which so many things make so many runs."""
    made = np.minimum(runs, things)
    ways = gammaln(things) - gammaln(made) - gammaln(things - made + 1)
    return np.asarray(np.where(runs <= things, ways, -np.inf))
