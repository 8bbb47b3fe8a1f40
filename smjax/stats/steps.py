"""Steps in a history: where the level of one figure per run changed, so clearly that chance hardly explains it.

Binary segmentation: a history is split in its best place, or in two at once, if values in chance order seldom have such
a split, and so are its parts. The chance of a false step is shared by the parts according to their lengths, so that a
history keeps it as a whole however often it is split. The best places are found by ruptures.

References: Truong, Oudre, Vayatis, "Selective review of offline change point detection methods", Signal Processing 167,
2020 (ruptures); Meinshausen, "Hierarchical testing of variable importance", Biometrika 95, 2008 (the parts' shares);
Schwarz, "Estimating the dimension of a model", Annals of Statistics 6, 1978 (drift or steps).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from ruptures import KernelCPD

from smjax.stats import intervals, serial, splits
from smjax.stats.location import Array, Estimate, estimate, quantile_t

FALSE_ALARMS = 0.04
"""Share of histories without a step that are said to have one: 5 % at most, whatever a simulation draws."""
RESEMBLES = "runs resemble the one before"
_IN_ONE = 0.8
"""Of that, what a split in one place gets; one in two gets the rest."""
_POWER = 0.9
_SURE = 0.9
"""A chance that permutations estimate has to be so far below what is allowed, to be below it whatever is drawn."""


@dataclass(frozen=True)
class Step:
    """A change of level."""

    first: int
    """Place of the first run after it."""
    before: int
    """Runs at the level before it."""
    after: int
    size: Estimate
    """Logarithm of the level after it over the one before."""
    was: float
    """The level before it, as a figure."""
    now: float


@dataclass(frozen=True)
class Steps:
    """What a history says of them."""

    found: tuple[Step, ...] = ()
    spread: float | None = None
    """Standard deviation of the logarithms of runs around their levels; None where nothing can be said."""
    detectable: float | None = None
    """As a share: the step in the middle that is found 9 times in 10. None where there are some, or none would be."""
    reason: str = ""
    """Why nothing can be said, or what makes it doubtful."""
    is_judged: bool = False
    """Whether there was enough for a verdict."""


def find(values: Sequence[float], false_alarms: float = FALSE_ALARMS) -> Steps:
    """The steps among positive figures, one per run, in the order of time."""
    logs = intervals.logarithms(values)
    if logs is None:
        return Steps(reason="not all are positive numbers" if len(values) else "no run")
    if logs.size < (least := least_runs(false_alarms)):
        return Steps(reason=f"too few runs for any verdict: {logs.size}, of {least} at least")
    middle = float(np.median(logs))
    logs = logs - middle  # of equal figures nothing at all is left
    firsts = _refined(logs, _splits(logs, 0, logs.size, false_alarms / logs.size))
    return _judged(logs, firsts, false_alarms, middle)


def least_runs(false_alarms: float = FALSE_ALARMS) -> int:
    """Of fewer runs not even the clearest step differs from chance."""
    allowed = _SURE * _IN_ONE * false_alarms
    return next(n for n in itertools.count(2 * splits.LEAST) if splits.least_chance(n, n // 2) <= allowed)


def _splits(logs: Array, start: int, end: int, rate: float) -> list[int]:
    """Places inside of a part that begin another level; `rate`: the chance of a false one, for each run."""
    part = logs[start:end]
    number = _number(part, rate * part.size)
    inner = [start + place for place in _best(part, number)] if number else []
    edges = itertools.pairwise([start, *inner, end]) if number else ()
    return [*inner, *(place for edge in edges for place in _splits(logs, *edge, rate))]


def _number(part: Array, false_alarms: float) -> int:
    """How many splits at once a part has beyond chance: none, one or two."""
    if part.size < 2 * splits.LEAST:
        return 0
    allowed = (_IN_ONE * false_alarms, (1 - _IN_ONE) * false_alarms)
    if splits.least_chance(part.size, part.size // 2) > allowed[0]:
        return 0
    chances = splits.chances(part, allowed)
    return 1 if chances[0] <= allowed[0] else 2 if chances[1] <= allowed[1] else 0


def _best(part: Array, number: int) -> list[int]:
    """The places that leave the least sum of squares."""
    search = KernelCPD(kernel="linear", min_size=splits.LEAST).fit(splits.bent(part)[:, None])
    return [int(place) for place in search.predict(n_bkps=number)[:-1]]


def _refined(logs: Array, firsts: Sequence[int]) -> list[int]:
    """Each place once more, now that its neighbours are known: the first was chosen while another step was in sight."""
    places = sorted(firsts)
    for number in range(len(places)):
        start, end = [0, *places, logs.size][number], [*places, logs.size][number + 1]
        places[number] = start + _best(logs[start:end], 1)[0]
    return places


def _judged(logs: Array, firsts: Sequence[int], false_alarms: float, middle: float) -> Steps:
    parts = np.split(logs, firsts)
    levels = [estimate(part).centre for part in parts]
    left = np.concatenate([part - level for part, level in zip(parts, levels, strict=True)])
    spread = _spread(left, len(levels))
    drift = f"drifting: {math.expm1(float(serial.slope(logs))):+.2%} a run".replace("%", " %")
    over_steps = _line_over_steps(splits.bent(logs), firsts) if serial.drifts(logs) else math.inf
    if over_steps < 1:
        return Steps((), spread.error, None, drift, True)
    nearly = over_steps < logs.size ** ((2 * len(firsts) - 1) / logs.size)  # as a step takes two numbers (Schwarz)
    reason = f"or {drift}, which describes it nearly as well" if nearly else RESEMBLES if serial.resembles(left) else ""
    if not firsts:
        return Steps((), spread.error, _detectable(logs, false_alarms), reason, True)
    edges = [0, *firsts, logs.size]
    return Steps(tuple(_steps(edges, levels, spread, middle)), spread.error, None, reason, True)


def _spread(left: Array, levels: int) -> Estimate:
    """Of runs around the levels that were taken from them: as the error of one run."""
    found, lost = estimate(left), (left.size - levels) / (left.size - 1)
    return Estimate(0.0, found.error * math.sqrt(left.size / lost), found.degrees * lost)


def _line_over_steps(logs: Array, firsts: Sequence[int]) -> float:
    """What a line leaves of a history's squares over what its steps leave."""
    steps = sum(float(np.square(part - part.mean()).sum()) for part in np.split(logs, firsts))
    return float(serial.error_sum(logs)) / steps if steps else math.inf


def _steps(edges: Sequence[int], levels: Sequence[float], spread: Estimate, middle: float) -> Iterator[Step]:
    """With errors by the spread that all levels of the history have in common."""
    for number, (start, first, end) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        before, after = first - start, end - first
        was, now = levels[number : number + 2]
        size = replace(spread, centre=now - was, error=spread.error * math.sqrt(1 / before + 1 / after))
        yield Step(first, before, after, size, math.exp(middle + was), math.exp(middle + now))


def _detectable(logs: Array, false_alarms: float) -> float | None:
    """What one split explains is (z + effect)² of what it and the rest explain; the effect for which that suffices.

    None where chance may have a split that explains all.
    """
    values = splits.bent(logs)
    n, squares = values.size, float(np.square(values - values.mean()).sum())
    verge = splits.verge_of_one(logs, _IN_ONE * false_alarms)
    if verge >= 1:
        return None
    rest = squares * (n - 2) / (n - 1)
    # A step in the values widens what permutations of them explain, by about 1 / n as simulated.
    reach = math.sqrt(rest * verge / (1 - verge)) * (1 + 1 / n)
    errors = quantile_t(_POWER, n - 2) * math.sqrt(rest / (n - 2))
    return math.expm1((reach + errors) / math.sqrt((n // 2) * (n - n // 2) / n))
