"""How often the interval of what one gets in the long run holds it, where some processes are far slower."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from smjax.stats.intervals import LEVEL, judge_each
from smjax.stats.sustained import interval_of_sums

from .regimes import Regime, normal, stragglers

SIZES = (4, 8, 12, 20, 30)


@dataclass(frozen=True)
class Sums:
    """By number of processes: the shares of draws that print an interval that misses, and none."""

    regime: str
    missed: list[float]
    none: list[float]


def sums(draws: int, seed: int) -> Iterator[Sums]:
    """Processes alike, and 5, 10 and 15 % of them slower; each answers for a second."""
    for regime in (normal(0.02), stragglers(0.05), stragglers(0.1), stragglers(0.15)):
        rng = np.random.default_rng(seed)
        gets = float(np.exp(regime.draw(rng, 1, 1_000_000)).mean())
        found = [_shares(regime, rng, draws, n, gets) for n in SIZES]
        yield Sums(regime.name, [missed for missed, _ in found], [none for _, none in found])


def _shares(regime: Regime, rng: np.random.Generator, draws: int, n: int, gets: float) -> tuple[float, float]:
    rates = [list(sample) for sample in np.exp(regime.draw(rng, draws, n))]
    judged = judge_each(rates, LEVEL, [(None, None)] * draws)
    found = [interval_of_sums(amounts, [1.0] * n, of_rates) for amounts, of_rates in zip(rates, judged, strict=True)]
    bounds = [(one.lo, one.hi) for one in found if one.lo is not None and one.hi is not None]
    return sum(not lo <= gets <= hi for lo, hi in bounds) / draws, 1 - len(bounds) / draws
