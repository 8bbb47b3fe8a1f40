"""The ways in which processes differ: samples of logarithms, and what an interval over them has to hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from smjax.stats.location import Array

Draw = Callable[[np.random.Generator, int, int], Array]
"""Of a generator, draws and processes: logarithms (draws, processes) in the order of time."""


@dataclass(frozen=True)
class Regime:
    """One of them; its first n processes are a sample of n."""

    name: str
    draw: Draw
    spread: float
    """Standard deviation over the long run, or around the drift."""
    truth: Callable[[int], float] = lambda n: 0.0
    """Median over the long run; under drift the mean level of n processes."""
    least: int = 4
    """Processes from which on an interval is to hold."""


def normal(spread: float) -> Regime:
    """Processes differ by chance alone."""
    return Regime(f"normal, spread {100 * spread:g} %", lambda rng, draws, n: _noise(rng, draws, n, spread), spread)


def stragglers(share: float) -> Regime:
    """A share of the processes is up to 25 % slower; an interval is for the median of all."""

    def draw(rng: np.random.Generator, draws: int, n: int) -> Array:
        slower = np.log1p(-0.25 * rng.random((draws, n)))
        return _noise(rng, draws, n) + np.where(rng.random((draws, n)) < share, slower, 0)

    many = draw(np.random.default_rng(1), 1, 4_000_000)
    median = float(np.median(many))
    return Regime(f"{100 * share:g} % up to 25 % slower", draw, float(many.std()), lambda n: median)


def two_speeds(apart: float, spread: float) -> Regime:
    """Runs of 3 to 6 processes at one speed, then as many at the other; the long run's median lies between them."""
    away = math.log1p(-apart)

    def draw(rng: np.random.Generator, draws: int, n: int) -> Array:
        lengths = rng.integers(3, 7, (draws, n))
        starts = np.cumsum(lengths, 1) - rng.integers(0, lengths[:, :1])
        states = (starts[:, :, None] <= np.arange(n)).sum(1) + rng.integers(0, 2, (draws, 1))
        return states % 2 * away + _noise(rng, draws, n, spread)

    whole = math.hypot(away / 2, spread)
    return Regime(
        f"two speeds {100 * apart:g} % apart, spread {100 * spread:g} %", draw, whole, lambda n: away / 2, least=8
    )


def serial(correlation: float) -> Regime:
    """Each process resembles the one before."""

    def draw(rng: np.random.Generator, draws: int, n: int) -> Array:
        noise = _noise(rng, draws, n)
        for number in range(1, n):
            noise[:, number] = correlation * noise[:, number - 1] + math.sqrt(1 - correlation**2) * noise[:, number]
        return noise

    return Regime(f"correlation {correlation} with the process before", draw, 0.02, least=30)


def drift(step: float) -> Regime:
    """Each process is slower by the step than the one before."""

    def draw(rng: np.random.Generator, draws: int, n: int) -> Array:
        return _noise(rng, draws, n) - step * np.arange(n)

    return Regime(f"drift, {100 * step:g} % a process", draw, 0.02, lambda n: -step * (n - 1) / 2, least=8)


def _noise(rng: np.random.Generator, draws: int, n: int, spread: float = 0.02) -> Array:
    return spread * rng.standard_normal((draws, n))


NORMAL = tuple(map(normal, (0.01, 0.02, 0.03, 0.06)))
STRAGGLERS = tuple(map(stragglers, (0.05, 0.10, 0.15)))
OTHERS = (
    *(two_speeds(apart, spread) for apart in (0.15, 0.25, 0.40) for spread in (0.02, 0.03)),
    serial(0.6),
    drift(0.01),
)
REGIMES = (*NORMAL, *STRAGGLERS, *OTHERS)
