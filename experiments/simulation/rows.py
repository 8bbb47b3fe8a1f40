"""Many rows at once, as `smjax.stats` judges each: whether it has an interval, how far it reaches, its size."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smjax.stats import modes, serial
from smjax.stats.intervals import LEVEL, TESTABLE
from smjax.stats.location import Array, locate, quantile_t

from .regimes import Regime

_AT_ONCE = 1_000
"""So many fit into caches."""
STEIN_ALONE = 12
"""First stages of so many have Stein's interval alone."""


@dataclass(frozen=True)
class Rule:
    """How many processes a row has: `first`, and if they do not reach the target more, up to `most`."""

    first: int
    target: float
    most: int

    def __str__(self) -> str:
        return f"{self.first}, {100 * self.target:g} %, {self.most}"


@dataclass(frozen=True)
class Summary:
    """What is said of many rows: shares and means, NaN of no row at all."""

    processes: float
    none: float
    """Rows without an interval."""
    misses: float
    """Rows that print one that misses."""
    early: float
    """Rows that stopped before the most processes that there may be."""
    early_held: float
    """Of these alone, as far as they print an interval."""
    width: float
    """Mean half-width of what is printed."""
    over_students: float
    """That over Student's of the same rows."""


@dataclass(frozen=True)
class Rows:
    """What is said of many rows, an entry each."""

    sizes: NDArray[np.int64]
    none: NDArray[np.bool_]
    """Whether it has no interval."""
    misses: NDArray[np.bool_]
    """Whether it prints one that misses."""
    reach: Array
    """How far the interval reaches, in logarithms."""
    student: Array
    """How far Student's reaches."""

    def summary(self, most: int) -> Summary:
        """Of all of them, where a row has so many processes at most."""
        printed, early = ~self.none, self.sizes < most
        alone = printed & early
        width, student = (_mean(np.expm1(reach[printed])) for reach in (self.reach, self.student))
        held = _mean(~self.misses[alone])
        shares = (_mean(one) for one in (self.sizes, self.none, self.misses, early))
        return Summary(*shares, held, width, width / student)


def fixed(regime: Regime, logs: Array) -> Rows:
    """Rows of so many processes."""
    return _rows(regime, logs, *reaches(logs))


def stopped(regime: Regime, logs: Array, rule: Rule) -> Rows:
    """Rows whose first processes decide how many they have, of as many as there are at most."""
    return of_sizes(regime, logs, needed(logs[:, : rule.first], rule), rule)


def of_sizes(regime: Regime, logs: Array, sizes: NDArray[np.int64], rule: Rule) -> Rows:
    """Rows of as many processes each, of as many as there are at most."""
    firsts, parts = logs[:, : rule.first], []
    for size in np.unique(sizes):
        chosen = sizes == size
        centres, reach = reaches(logs[chosen, :size])
        if size > rule.first:
            reach = widened(reach, reaches(firsts[chosen])[1] * math.sqrt(rule.first / size), rule)
        parts.append(_rows(regime, logs[chosen, :size], centres, reach))
    return Rows(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Rows)))


def needed(firsts: Array, rule: Rule) -> NDArray[np.int64]:
    """As `smjax.stats.stopping.needed`, of each first stage of five or more."""
    relative = reaches(firsts)[1] / math.log1p(rule.target)
    stage = np.maximum(np.ceil(rule.first * relative**2), max(math.ceil(1.5 * rule.first), TESTABLE))
    sizes = np.where(relative <= 1, rule.first, np.minimum(stage, rule.most))
    return np.where(has_none(firsts), rule.most, np.maximum(rule.first, sizes)).astype(np.int64)


def widened(reach: Array, steins: Array, rule: Rule) -> Array:
    """As `smjax.stats.intervals.widened`, of how far the intervals by all processes and by the first stage reach."""
    counts = (steins > reach) & (steins <= math.log1p(rule.target))
    return np.where(counts, reach * (steins / reach) ** min(1, rule.first / STEIN_ALONE), reach)


def has_none(logs: Array) -> NDArray[np.bool_]:
    """Which of the samples have no interval: the tests that `judge` makes."""
    if logs.shape[-1] < TESTABLE:
        return np.zeros(len(logs), bool)
    return np.concatenate(
        [modes.best_cut(x).is_two | serial.drifts(x) | serial.resembles(x) for x in _in_parts(logs)],
    )


def reaches(logs: Array) -> tuple[Array, Array]:
    """Centres and how far their intervals reach."""
    centres, errors, degrees = zip(*map(locate, _in_parts(logs)), strict=True)
    return np.concatenate(centres), quantile_t((1 + LEVEL) / 2, degrees[0]) * np.concatenate(errors)


def _in_parts(logs: Array) -> list[Array]:
    return np.array_split(logs, max(1, len(logs) // _AT_ONCE))


def _rows(regime: Regime, logs: Array, centres: Array, reach: Array) -> Rows:
    n = logs.shape[-1]
    none = has_none(logs)
    misses = (np.abs(centres - regime.truth(n)) > reach) & ~none
    student = quantile_t((1 + LEVEL) / 2, n - 1) * logs.std(-1, ddof=1) / math.sqrt(n)
    return Rows(np.full(len(logs), n), none, misses, reach, student)


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if values.size else math.nan
