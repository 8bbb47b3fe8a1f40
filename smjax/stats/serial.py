"""Whether processes drift, or resemble the one before: by tests of ranks, which no straggler sets off.

References: Mann, "Nonparametric tests against trend", Econometrica 13, 1945; Bartels, "The rank version of von
Neumann's ratio test for randomness", Journal of the American Statistical Association 77, 1982.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import betaincinv, ndtri

from smjax.stats.location import Array

DRIFT = 0.008
"""How often values in chance order are said to drift."""
SERIAL = 0.025
"""How often they are said to resemble those before."""


def drifts(logs: Array) -> np.ndarray:
    """Whether each sample (…, n) rises or falls in time: Mann and Kendall's test, two-sided, normal approximation."""
    deviation = math.sqrt(score_variance(logs.shape[-1]))
    return np.asarray(np.abs(score(logs)) - 1 > -float(ndtri(DRIFT / 2)) * deviation)


def score(values: Array) -> Array:
    """Of each sample (…, n) how many more pairs rise in time than fall: Kendall's score."""
    earlier, later = np.triu_indices(values.shape[-1], 1)
    return np.asarray(np.sign(values[..., later] - values[..., earlier]).sum(-1))


def score_variance(n: int) -> float:
    """Variance of the score of n values in chance order."""
    return n * (n - 1) * (2 * n + 5) / 18


def rise(samples: Sequence[Array], level: float) -> float:
    """Share of pairs within samples that rise in time, less those that fall: from -1 to 1; 0 where it may be chance.

    Scores of all samples are added up; chance order gives something else than 0 with a probability of `level`, or less
    where samples are short.
    """
    total = sum(float(score(values)) for values in samples)
    deviation = math.sqrt(sum(score_variance(len(values)) for values in samples))
    pairs = sum(len(values) * (len(values) - 1) // 2 for values in samples)
    return total / pairs if abs(total) - 1 > -float(ndtri(level / 2)) * deviation else 0.0


def slope(logs: Array) -> Array:
    """Least-squares slope of each sample per process."""
    time = np.arange(logs.shape[-1]) - (logs.shape[-1] - 1) / 2
    return np.asarray(logs @ time / np.square(time).sum())


def error_sum(logs: Array) -> Array:
    """Sum of squares of what the least-squares line leaves of each sample."""
    time = np.arange(logs.shape[-1]) - (logs.shape[-1] - 1) / 2
    centred = logs - logs.mean(-1, keepdims=True)
    return np.asarray(np.square(centred).sum(-1) - slope(logs) ** 2 * np.square(time).sum())


def resembles(logs: Array) -> np.ndarray:
    """Whether neighbours in each sample (…, n) are closer than chance has them: von Neumann's ratio of the ranks.

    One-sided: a process that makes the next one unlike it narrows no interval.
    """
    n = logs.shape[-1]
    ranks = np.sign(logs[..., :, None] - logs[..., None, :]).sum(-1) / 2  # from the middle one, of ties the mean
    squares = np.square(ranks).sum(-1)
    ratio = np.square(np.diff(ranks, axis=-1)).sum(-1) / np.where(squares, squares, math.inf)
    # A quarter of the ratio is nearly beta distributed, both parameters being this (Bartels, section 3).
    shape = 5 * n * (n + 1) * (n - 1) ** 2 / (2 * (n - 2) * (5 * n**2 - 2 * n - 9)) - 0.5
    return np.asarray((ratio < 4 * float(betaincinv(shape, shape, SERIAL))) & (squares > 0))
