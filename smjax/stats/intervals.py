"""How uncertain a row is: an interval over its processes, or the reason why there is none.

The unit of sampling is the process: answers of one process share its addresses, its pages and its place in time, and
their spread says nothing about the next process. Logarithms, because times are skewed and never negative, and because
a difference of logarithms is a ratio. An interval is for one speed that does not change: processes that ran at two, or
drift, or resemble the one before have none, because a narrow one would be an accident of when they were measured.

References: Georges, Buytaert, Eeckhout, "Statistically rigorous Java performance evaluation", OOPSLA 2007.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from smjax.stats import modes, serial
from smjax.stats.location import FURTHEST, Array, Estimate, estimate, estimates

LEVEL = 0.95
TESTABLE = 8
"""Of fewer processes than this nobody can say whether they have one speed."""
NOT_TESTABLE = "modes not testable"
ONE = 0.001
"""Values that all lie within this share of each other are one, in whatever order: peaks of memory, a page apart."""
_LONG = 12
"""A first stage of so many processes gives Stein's interval alone."""


@dataclass(frozen=True)
class Interval:
    """What the processes of a row say of it. `lo` and `hi` are None where it has no interval; `reason` says why.

    With an interval, `reason` is empty, or says that there are too few processes to know whether it is one.
    """

    centre: float | None
    lo: float | None
    hi: float | None
    reason: str = ""
    testable: bool = False
    estimate: Estimate | None = None
    """What ratios are made of; None where there is no interval."""

    @property
    def half_width(self) -> float | None:
        """How far it reaches to either side, relative to its middle: 0.02 for ±2 %."""
        return None if self.lo is None or self.hi is None else half_width((self.lo, self.hi))


def judge(
    values: Sequence[float], level: float = LEVEL, *, first: int | None = None, target: float | None = None
) -> Interval:
    """The interval of one positive figure per process, in the order of time and of their unit.

    Where the number of processes came from `stopping.needed`, `first` is how many it was told of and `target` what it
    was to reach: the interval then answers for that choice too.
    """
    return judge_each([values], level, [(first, target)])[0]


def judge_each(
    samples: Sequence[Sequence[float]], level: float, stages: Sequence[tuple[int | None, float | None]]
) -> list[Interval]:
    """What `judge` says of each of many, their `stages` being `first` and `target`: a tenth of the time for thousands.

    Those of one length are tested together; none changes what is said of another.
    """
    logs = [logarithms(values) for values in samples]
    sizes = {one.size for one in logs if one is not None and one.size > 1}
    found = [_without(values) for values in samples]
    for size in sizes:
        places = [place for place, one in enumerate(logs) if one is not None and one.size == size]
        together = np.stack([log for place in places if (log := logs[place]) is not None])
        for place, log, ours, is_odd in zip(places, together, estimates(together), _are_odd(together), strict=True):
            reason = why_none(log) if is_odd else "" if size >= TESTABLE else NOT_TESTABLE
            found[place] = _interval(widened(log, ours, level, *stages[place]), level, size >= TESTABLE, reason)
    return found


def _without(values: Sequence[float]) -> Interval:
    """Of none, of one, and of what are no positive numbers."""
    if len(values) == 1 and logarithms(values) is not None:
        return Interval(float(values[0]), None, None, "one process")
    return Interval(None, None, None, "not all are positive numbers" if len(values) else "no process")


def _interval(found: Estimate, level: float, testable: bool, reason: str) -> Interval:
    reach = found.reach(level)
    lacking = too_few(level) if reach > FURTHEST else reason if testable else ""
    if lacking:
        return Interval(math.exp(found.centre), None, None, lacking, testable)
    return Interval(math.exp(found.centre), *found.at(reach), reason, testable, found)


def too_few(level: float) -> str:
    """Why an interval of a high level would have no ends: two processes, and a table of hundreds of rows."""
    return f"too few for an interval of {100 * level:.6g} %"


def logarithms(values: Sequence[float]) -> Array | None:
    """Logarithms of positive numbers; None if there are none or one of them is not."""
    array = np.asarray(values, float)
    return np.log(array) if array.size and np.all((array > 0) & np.isfinite(array)) else None


def _are_odd(logs: Array) -> Array:
    """Of which samples (…, n) there is more than one reason not to have an interval; none of too few to test."""
    if logs.shape[-1] < TESTABLE:
        return np.zeros(len(logs), bool)
    differ = np.ptp(logs, axis=-1) > ONE
    return np.asarray(differ & (modes.best_cut(logs).is_two | serial.drifts(logs) | serial.resembles(logs)))


def why_none(logs: Array) -> str:
    """Why these logarithms, of `TESTABLE` processes or more in the order of time, have no interval; else empty."""
    if np.ptp(logs) <= ONE:
        return ""
    cut = modes.best_cut(logs)
    drifts = bool(serial.drifts(logs))
    if cut.is_two and not (drifts and serial.error_sum(logs) < cut.error_sum):
        return _two_speeds(np.sort(logs), int(cut.lower))
    if drifts:
        return f"drifting: {math.expm1(float(serial.slope(logs))):+.1%} a process".replace("%", " %")
    return "serial: processes resemble the one before" if serial.resembles(logs) else ""


def widened(logs: Array, ours: Estimate, level: float, first: int | None, target: float | None) -> Estimate:
    """`ours`, of all, with an error that is right also where the first processes' spread decided how many there are.

    Stein's interval takes the spread of the first stage alone and is exact; the one of all processes is too narrow
    after a first stage that happened to be calm. A mean of both (geometric, all Stein's after a first stage of twelve)
    holds what it says and is less wide than Stein's after a short one. Processes that did not suffice for the target
    were not chosen by it, and need none of this; a target is one at `LEVEL`, whatever the interval's own level.
    """
    if first is None or not 2 <= first < logs.size:
        return ours
    stage, shrinks = estimate(logs[:first]), math.sqrt(first / logs.size)
    if target is not None and stage.reach(LEVEL) * shrinks > math.log1p(target):
        return ours
    reach, steins = ours.reach(level), stage.reach(level) * shrinks
    return replace(ours, error=ours.error * (steins / reach) ** min(1, first / _LONG)) if 0 < reach < steins else ours


def half_width(bounds: tuple[float, float]) -> float:
    """How far an interval reaches to either side, relative to its middle: 0.02 for ±2 %."""
    lo, hi = bounds
    return math.sqrt(hi / lo) - 1


def is_wide(bounds: tuple[float, float] | None, target: float | None) -> bool:
    """Whether the interval was to be narrower than this half-width, and is not."""
    return bounds is not None and target is not None and half_width(bounds) > target


def _two_speeds(logs: Array, lower: int) -> str:
    """How many of the sorted logarithms are at which speed, the fewer first."""
    parts = sorted((logs[:lower], logs[lower:]), key=len)
    fewer, more = (_short(math.exp(float(part.mean()))) for part in parts)
    return f"two speeds: {len(parts[0]) / logs.size:.0%} of processes at {fewer}, the rest at {more}".replace("%", " %")


def _short(value: float) -> str:
    """A figure in a sentence: 4.7k, 57.3, 0.143."""
    for factor, unit in ((1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.1f}{unit}"
    return f"{value:.3g}"
