"""What separates runs beyond what is seen inside one: levels of variation, as Kalibera and Jones have them.

Processes of one run share its build, its hour and its neighbours. The interval of one run therefore says nothing about
the next, and two runs of the same thing differ by more than both their intervals allow.

References: Kalibera, Jones, "Rigorous benchmarking in reasonable time", ISMM 2013; Satterthwaite, "An approximate
distribution of estimates of variance components", Biometrics Bulletin 2, 1946.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smjax.stats.location import Estimate, combined

LEAST_DEGREES = 4


@dataclass(frozen=True)
class BetweenRuns:
    """How far runs' centres lie apart: `total` variance of their logarithms, `within` what their own errors explain."""

    total: float
    within: float
    degrees: float
    assumed: bool = False

    @property
    def deviation(self) -> float:
        """Standard deviation between runs, beyond their own errors."""
        return math.sqrt(max(self.total - self.within, 0.0))


def assumed(deviation: float) -> BetweenRuns:
    """A spread between runs that was not measured: 0.03 for 3 %."""
    return BetweenRuns(math.log1p(deviation) ** 2, 0.0, math.inf, assumed=True)


def measured(groups: Sequence[Sequence[Estimate]]) -> BetweenRuns | None:
    """The spread of runs in groups of the same thing, each around its own mean; None below 4 degrees of freedom."""
    several = [group for group in groups if len(group) > 1]
    degrees = sum(len(group) - 1 for group in several)
    if degrees < LEAST_DEGREES:
        return None
    squares = sum(len(group) * float(np.var([run.centre for run in group])) for group in several)
    within = float(np.mean([run.error**2 for group in several for run in group]))
    return BetweenRuns(squares / degrees, within, degrees)


def over_runs(runs: Sequence[Estimate]) -> Estimate:
    """One estimate from two runs of a thing or more, the run being the unit: Student's t."""
    centres = np.array([run.centre for run in runs])
    return Estimate(float(centres.mean()), float(centres.std(ddof=1)) / math.sqrt(len(runs)), len(runs) - 1)


def between(one: Estimate, other: Estimate, runs: tuple[BetweenRuns | None, BetweenRuns | None]) -> Estimate:
    """The difference one - other, each with the spread between its runs; None for a side that is several runs itself.

    A run's centre varies as the earlier ones did (`total`), and more where its own error is larger than theirs was; the
    difference varies by no less than both sides' own errors. Degrees of freedom are Satterthwaite's; a spread that both
    sides share was estimated once, and counts doubled.
    """
    own = one.minus(other)
    shares = [(runs[0], 2)] if runs[0] is runs[1] else [(runs[0], 1), (runs[1], 1)]
    known = [(spread, times) for spread, times in shares if spread is not None]
    extra = max(own.error**2 - sum(spread.within * times for spread, times in known), 0.0)
    variances = (extra, *(spread.total * times for spread, times in known))
    error, degrees = combined(variances, (own.degrees, *(spread.degrees for spread, _ in known)))
    return Estimate(own.centre, error, degrees) if error > own.error else own
