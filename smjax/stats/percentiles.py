"""Percentiles over all tokens of all processes, with an interval that knows that tokens of one process are alike.

The share of tokens beyond the percentile is a mean over processes; its error, by how much processes differ in it, is
carried through the distribution back to a time (Woodruff's interval, for clusters).

References: Woodruff, "Confidence intervals for medians and other position measures", Journal of the American
Statistical Association 47, 1952; Francisco, Fuller, "Quantile estimation with a complex survey design", Annals of
Statistics 19, 1991.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from smjax.stats.intervals import LEVEL
from smjax.stats.location import quantile_t

LEAST_PROCESSES = 4
LEAST_BEYOND = 10
"""So many tokens must lie beyond either end."""


def interval_over_tokens(
    processes: Sequence[ArrayLike], share: float, level: float = LEVEL
) -> tuple[float, float] | None:
    """Interval of the percentile (`share` 0.99 for p99) of the times of all tokens of all processes.

    None of fewer than 4 processes, or where too few tokens lie beyond its ends.
    """
    tokens = [own for process in processes if (own := np.asarray(process)).size]
    if len(tokens) < LEAST_PROCESSES:
        return None
    everything = np.sort(np.concatenate(tokens))  # once: what is sorted has its quantiles at hand
    middle = _quantile(everything, share)
    excess = np.array([(process > middle).sum() - (1 - share) * len(process) for process in tokens])
    error = math.sqrt(len(tokens) / (len(tokens) - 1) * np.square(excess).sum()) / everything.size
    # On the logarithm of the share beyond, which cannot become negative.
    factor = math.exp(quantile_t((1 + level) / 2, len(tokens) - 1) * error / (1 - share))
    fewest, most = (1 - share) / factor, (1 - share) * factor
    if everything.size * fewest < LEAST_BEYOND or everything.size * (1 - most) < LEAST_BEYOND:
        return None
    return _quantile(everything, 1 - most), _quantile(everything, 1 - fewest)


def _quantile(ordered: np.ndarray, share: float) -> float:
    """Of values in their order, between two of them in proportion, as `np.quantile` has it."""
    place = share * (ordered.size - 1)
    before = math.floor(place)
    lower, upper = float(ordered[before]), float(ordered[min(before + 1, ordered.size - 1)])
    return lower + (place - before) * (upper - lower)
