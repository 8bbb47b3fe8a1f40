"""Markdown of what was simulated."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from .bars import Bar, Fixed, Stopped
from .pairs import Found, Widths
from .regimes import NORMAL, OTHERS, REGIMES, STRAGGLERS
from .rows import Rule, Summary
from .sums import SIZES as SUMS
from .sums import Sums
from .tails import SIZES as TAILS
from .tails import Tail

_SHOWN = (4, 6, 8, 10, 12, 14, 16, 20, 30)
_NOTHING = ""


def misses(found: Fixed) -> None:
    """Rows with an interval that misses, and in parentheses those without one."""
    rows = [
        (regime.name, *(f"{_percent(one.misses)} ({_percent(one.none)})" for one in _sizes(found, regime.name)))
        for regime in (NORMAL[1], *REGIMES[len(NORMAL) :])
    ]
    _table(("misses (none), % of rows; processes", *map(str, _SHOWN)), rows)


def widths(found: Fixed) -> None:
    """Mean half-widths of what is printed, and in parentheses over Student's of the same rows."""
    rows = [
        (regime.name, *(f"{100 * one.width:.2f} ({_ratio(one.over_students)})" for one in _sizes(found, regime.name)))
        for regime in (NORMAL[1], *STRAGGLERS)
    ]
    _table(("mean half-width, % (over Student's); processes", *map(str, _SHOWN)), rows)


def two_stages(found: Stopped) -> None:
    """Rows whose first processes decide how many there are; of two speeds those that are hardest to tell apart."""
    staged = [regime.name for regime in (*NORMAL, *STRAGGLERS, *OTHERS[:2], *OTHERS[-2:])]
    _in_stages("regime", "processes", ((name, rule, one) for (name, rule), one in found.items() if name in staged))


def pairs_in_stages(found: Iterable[tuple[str, Rule, Summary]]) -> None:
    """Pairs of the same whose sides' first processes decide how many blocks there are."""
    _in_stages("sides", "blocks", found)


def _in_stages(where: str, unit: str, found: Iterable[tuple[str, Rule, Summary]]) -> None:
    rows = [
        (
            f"{rule}; {name}",
            f"{one.processes:.1f}",
            *map(_percent, (one.none, one.misses, one.early, one.early_held)),
            _ratio(one.over_students),
        )
        for name, rule, one in found
    ]
    _table((f"first, target, most; {where}", unit, "none", "misses", "early", "of them held", "width"), rows)


def comparisons(found: Iterable[Found]) -> None:
    """How often which difference is found."""
    rows = [(one.name, *(_percent(share) for share in (one.same, one.own, one.other))) for one in found]
    columns = ("no difference", "as large as its own *detectable*", "as that of other data alike")
    _table(("found, % of pairs", *columns), rows)


def paired(found: Sequence[Widths]) -> None:
    """Paired half-widths over unpaired ones."""
    rows = [(str(one.blocks), *map(_ratio, one.by_correlation.values())) for one in found]
    _table(("blocks", *(f"correlation {number:g}" for number in found[0].by_correlation)), rows)


def percentiles(found: Iterable[Tail]) -> None:
    """How often intervals of p99 hold."""
    rows = [
        (
            f"varies by {100 * one.uneven:.0f} % between processes",
            *(
                _percent(held) + (f" (none {_percent(none)})" if none else "")
                for held, none in zip(one.held, one.none, strict=True)
            ),
        )
        for one in found
    ]
    _table(("held, %; rate of hiccups", *(f"{n} processes" for n in TAILS)), rows)


def in_the_long_run(found: Iterable[Sums]) -> None:
    """How often intervals of what one gets miss it."""
    rows = [
        (
            one.regime,
            *(f"{_percent(missed)} ({_percent(none)})" for missed, none in zip(one.missed, one.none, strict=True)),
        )
        for one in found
    ]
    _table(("missed (none), %", *(f"{n} processes" for n in SUMS)), rows)


def limits(found: Iterable[Bar]) -> None:
    """Whether what is to be held is."""
    rows = []
    for bar in found:
        where, worst = bar.worst
        shown = (f"{100 * size:.3g} %" if bar.is_share else f"{size:.2f}" for size in (bar.limit, worst))
        sign = "\N{LESS-THAN OR EQUAL TO}" if bar.is_most else "\N{GREATER-THAN OR EQUAL TO}"
        limit, size = shown
        rows.append((bar.what, f"{sign} {limit}", size, where, "kept" if bar.kept else "missed"))
    _table(("to be held", "limit", "worst", "where", ""), rows)


def _sizes(found: Fixed, name: str) -> list[Summary]:
    return [found[name, n] for n in _SHOWN]


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    print(f"| {' | '.join(heading)} |\n| --- |{' ---: |' * (len(heading) - 1)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(flush=True)


def _percent(share: float) -> str:
    """In percent, without the sign."""
    return _NOTHING if math.isnan(share) else f"{100 * share:.1f}"


def _ratio(ratio: float) -> str:
    return _NOTHING if math.isnan(ratio) else f"{ratio:.2f}"
