"""What intervals and comparisons have to hold, each as the worst case of the simulation beside its limit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .pairs import Found, Widths
from .regimes import NORMAL, REGIMES, STRAGGLERS
from .rows import Rule, Summary

Fixed = Mapping[tuple[str, int], Summary]
"""By regime and number of processes."""
Stopped = Mapping[tuple[str, Rule], Summary]

_CALM = 0.03
"""Spread up to which rows that stop early have to hold alone."""
_OFTEN = 0.25
"""Share of a regime's rows that stop early from which on they have to."""
_USUAL = 8
"""Blocks of a default sweep."""
_STEADY = 0.1
"""Means of fewer of the rows say little of whether they grow."""


@dataclass(frozen=True)
class Bar:
    """One of them."""

    what: str
    limit: float
    is_most: bool
    is_share: bool
    cases: Sequence[tuple[str, float]]
    """Where, and how large it is there."""

    @property
    def worst(self) -> tuple[str, float]:
        """Where, and how large."""
        return (max if self.is_most else min)(self.cases, key=lambda case: case[1])

    @property
    def kept(self) -> bool:
        worst = self.worst[1]
        return worst <= self.limit if self.is_most else worst >= self.limit


def most(what: str, limit: float, cases: Iterable[tuple[str, float]], is_share: bool = True) -> Bar:
    """The largest of the cases may be as large as the limit."""
    return Bar(what, limit, True, is_share, list(cases))


def least(what: str, limit: float, cases: Iterable[tuple[str, float]]) -> Bar:
    """The smallest has to be as large."""
    return Bar(what, limit, False, True, list(cases))


def of_rows(fixed: Fixed, stopped: Stopped) -> Iterator[Bar]:
    """Misses and prices."""
    yield most("misses, fixed number of processes", 0.07, _misses(fixed))
    yield most("misses, in two stages", 0.07, _misses_stopped(stopped))
    yield least("rows that stopped early hold, spread up to 3 %", 0.92, _early(stopped))
    normal, slow = ([regime.name for regime in kind] for kind in (NORMAL, STRAGGLERS))
    for kind, names, limit in (("normal", normal, 0.05), ("5 to 15 % slow processes", slow, 0.25)):
        yield most(f"no interval, {kind}", limit, [*_fixed(fixed, names, "none"), *_stopped(stopped, names, "none")])
    widths = [*_fixed(fixed, normal, "over_students"), *_stopped(stopped, normal, "over_students")]
    yield most("mean half-width over Student's, normal", 1.15, widths, is_share=False)
    yield most("a process more widens the mean interval by, normal or slow processes", 0, _growth(fixed, normal + slow))
    others = [regime.name for regime in REGIMES if regime.name not in normal + slow]
    yield most("the same, other regimes", 0, _growth(fixed, others))


def of_pairs(found: Sequence[Found], widths: Sequence[Widths]) -> Iterator[Bar]:
    """What is found, and how wide pairs are."""
    yield least("found, as large as detectable", 0.88, [(one.name, one.own) for one in found])
    yield most("found, as large as detectable", 0.92, [(one.name, one.own) for one in found])
    apart, alike = (
        [(f"{one.blocks} blocks", one.by_correlation[correlation]) for one in widths if one.blocks >= _USUAL]
        for correlation in (0, 0.5)
    )
    yield most("paired over unpaired half-width, uncorrelated", 1.1, apart, is_share=False)
    yield most("paired over unpaired half-width, correlation 0.5", 0.75, alike, is_share=False)


def _misses(fixed: Fixed) -> Iterator[tuple[str, float]]:
    least = {regime.name: regime.least for regime in REGIMES}
    return ((f"{name}, {n} processes", one.misses) for (name, n), one in fixed.items() if n >= least[name])


def _misses_stopped(stopped: Stopped) -> Iterator[tuple[str, float]]:
    """Of rules whose first stage is as long as a regime needs."""
    least = {regime.name: regime.least for regime in REGIMES}
    return ((_place(name, rule), one.misses) for (name, rule), one in stopped.items() if rule.first >= least[name])


def _early(stopped: Stopped) -> Iterator[tuple[str, float]]:
    calm = {regime.name: regime for regime in REGIMES if regime.spread <= _CALM}
    for (name, rule), summary in stopped.items():
        if name in calm and rule.first >= calm[name].least and summary.early >= _OFTEN:
            yield _place(name, rule), summary.early_held


def _growth(fixed: Fixed, names: Sequence[str]) -> Iterator[tuple[str, float]]:
    for (name, n), summary in fixed.items():
        more = fixed.get((name, n + 1))
        if name in names and more and min(1 - summary.none, 1 - more.none) >= _STEADY:
            yield f"{name}, {n} to {n + 1}", more.width / summary.width - 1


def _fixed(fixed: Fixed, names: Sequence[str], what: str, first: int = 0) -> list[tuple[str, float]]:
    return _known(
        (f"{name}, {n} processes", getattr(one, what))
        for (name, n), one in fixed.items()
        if name in names and n >= first
    )


def _stopped(stopped: Stopped, names: Sequence[str], what: str) -> list[tuple[str, float]]:
    return _known((_place(name, rule), getattr(one, what)) for (name, rule), one in stopped.items() if name in names)


def _known(cases: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    return [(where, value) for where, value in cases if not math.isnan(value)]


def _place(name: str, rule: Rule) -> str:
    return f"{name}; {rule}"
