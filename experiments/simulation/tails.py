"""How often the interval of p99 over tokens holds it, where processes differ in how often they hiccup."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from smjax.stats.location import Array
from smjax.stats.percentiles import interval_over_tokens

SIZES = (4, 8, 12)


@dataclass(frozen=True)
class Tail:
    """By number of processes: the share of intervals that hold, and of draws without one."""

    uneven: float
    held: list[float]
    none: list[float]


def tails(draws: int, seed: int) -> Iterator[Tail]:
    """By how much the rate of hiccups varies between processes."""
    for uneven in (0.0, 0.5, 1.0):
        rng = np.random.default_rng(seed)
        truth = float(np.quantile(_hiccups(rng, 4_000, uneven), 0.99))
        found = [[interval_over_tokens(_hiccups(rng, n, uneven), 0.99) for _ in range(draws)] for n in SIZES]
        known = [[bounds for bounds in of_size if bounds] for of_size in found]
        held = [float(np.mean([lo <= truth <= hi for lo, hi in of_size])) for of_size in known]
        yield Tail(uneven, held, [1 - len(of_size) / draws for of_size in known])


def _hiccups(rng: np.random.Generator, processes: int, uneven: float) -> Array:
    """Times of 1,500 tokens of each process: a level, noise, and 1.5 % of them longer by half."""
    rates = 0.015 * (rng.gamma(uneven**-2, uneven**2, (processes, 1)) if uneven else np.ones((processes, 1)))
    shape = (processes, 1_500)
    times = np.exp(0.02 * rng.standard_normal((processes, 1)) + 0.01 * rng.standard_normal(shape))
    return np.where(rng.random(shape) < rates, times * (1 + rng.exponential(0.5, shape)), times)
