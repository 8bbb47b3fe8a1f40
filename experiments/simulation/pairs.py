"""How often comparisons find a difference, one that is there and one that is not; how wide they are in blocks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from smjax.stats.intervals import LEVEL, judge
from smjax.stats.location import Array, Estimate, locate
from smjax.stats.ratios import Ratio, detectable, paired, unpaired
from smjax.stats.runs import assumed, between, measured

from .regimes import normal
from .rows import Rule, Summary, needed, of_sizes

SPREAD = 0.02
BETWEEN = 0.01
"""Between runs."""
SIZES = (5, 8, 12, 20)
HISTORIES = (5, 10, 20)
STAGES = (Rule(8, 0.02, 30), Rule(5, 0.02, 30))
SPREADS = (0.01, 0.02, 0.03)
CORRELATIONS = (0.0, 0.7)


@dataclass(frozen=True)
class Found:
    """Shares of pairs whose interval leaves out 1."""

    name: str
    same: float
    """Without a difference."""
    own: float
    """With one as large as the pair's own `detectable`."""
    other: float
    """With one as large as another pair's."""


@dataclass(frozen=True)
class Widths:
    """Paired half-widths over unpaired ones of the same processes, by the correlation of a block's sides."""

    blocks: int
    by_correlation: dict[float, float]


def in_sweeps(draws: int, seed: int) -> Iterator[Found]:
    """Sides of a sweep: by themselves, and paired where what slows a block is larger than their spread."""
    rng = np.random.default_rng(seed)
    for n in SIZES:
        sides = list(_sides(rng, draws, n, 0))
        yield found(f"unpaired, {n} and {n} processes", _estimates(unpaired(judge(a), judge(b)) for a, b in sides))
        blocks = _sides(rng, draws, n, 0.7)
        yield found(f"paired, {n} blocks", _estimates(paired(a, b) for a, b in blocks))


def between_runs(draws: int, seed: int) -> Iterator[Found]:
    """Runs of 8 processes: their spread by as many earlier ones, or assumed as it is."""
    rng = np.random.default_rng(seed)
    for history in HISTORIES:
        yield found(f"between runs, by {history} earlier ones", list(_runs(rng, draws, history)))
    yield found("between runs, spread assumed", list(_runs(rng, draws, 0)))


def widths(draws: int, seed: int, correlations: Sequence[float]) -> Iterator[Widths]:
    """Mean half-widths of pairs that have both intervals."""
    rng = np.random.default_rng(seed)
    for n in SIZES:
        yield Widths(n, {correlation: _relative(_sides(rng, draws, n, correlation)) for correlation in correlations})


def in_stages(draws: int, seed: int) -> Iterator[tuple[str, Rule, Summary]]:
    """Sides without a difference, in as many blocks as the one asks for that needs more."""
    rng = np.random.default_rng(seed)
    for rule, spread, correlation in itertools.product(STAGES, SPREADS, CORRELATIONS):
        own, block = spread * math.sqrt(1 - correlation), spread * math.sqrt(correlation)
        sides = block * rng.standard_normal((draws, 1, rule.most)) + own * rng.standard_normal((draws, 2, rule.most))
        sizes = np.maximum(*(needed(sides[:, side, : rule.first], rule) for side in (0, 1)))
        unwidened = replace(rule, target=0.0)  # none reaches it, and so answers for the choice
        rows = of_sizes(normal(own), sides[:, 1] - sides[:, 0], sizes, unwidened)
        yield f"spread {100 * spread:g} %, correlation {correlation:g}", rule, rows.summary(rule.most)


def found(name: str, estimates: Sequence[Estimate]) -> Found:
    """How often these find what."""
    own = np.array([math.log1p(detectable(one)) for one in estimates])
    effects = (np.zeros_like(own), own, np.roll(own, 1))
    shares = (np.mean([_differs(one, effect) for one, effect in zip(estimates, some, strict=True)]) for some in effects)
    return Found(name, *map(float, shares))


def _differs(found: Estimate, effect: float) -> bool:
    return abs(found.centre + effect) > found.reach(LEVEL)


def _sides(rng: np.random.Generator, draws: int, n: int, correlation: float) -> Iterator[tuple[Array, Array]]:
    """Both sides of pairs whose blocks make them alike."""
    block = SPREAD * math.sqrt(correlation / (1 - correlation)) * rng.standard_normal((draws, 1, n))
    yield from np.exp(block + SPREAD * rng.standard_normal((draws, 2, n)))


def _estimates(ratios: Iterator[Ratio]) -> list[Estimate]:
    return [ratio.estimate for ratio in ratios if ratio.estimate is not None]


def _relative(sides: Iterator[tuple[Array, Array]]) -> float:
    both = [(paired(a, b).estimate, unpaired(judge(a), judge(b)).estimate) for a, b in sides]
    reaches = [(one.reach(LEVEL), other.reach(LEVEL)) for one, other in both if one and other]
    together, apart = np.mean(reaches, axis=0)
    return float(together / apart)


def _runs(rng: np.random.Generator, draws: int, history: int) -> Iterator[Estimate]:
    """Differences of two runs, each with the spread between runs."""
    shape = (draws, history + 2, 8)
    runs = SPREAD * rng.standard_normal(shape) + BETWEEN * rng.standard_normal((*shape[:2], 1))
    centres, errors, degrees = locate(runs)
    for row in zip(centres, errors, strict=True):
        one, other, *earlier = (Estimate(float(c), float(e), degrees) for c, e in zip(*row, strict=True))
        spread = measured([earlier]) if history else assumed(BETWEEN)
        yield between(one, other, (spread, spread))
