"""Markdown of a calibration, from its medians alone; says of how many sweeps it is."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from smjax.report.compare.verdicts import Verdict
from smjax.stats.runs import BetweenRuns

from .medians import Medians
from .sweeps import BETWEEN, HANDICAP, so_far
from .verdicts import Pairs, Tally, between, interleaved
from .widths import CORRELATED, Width, relative, widths

_CALLED = (Verdict.FASTER, Verdict.SLOWER)
_LEAST_DEGREES = 1
_NONE = "\N{EN DASH}"


def tables(medians: Medians) -> Iterator[str]:
    """Line by line."""
    yield f"{_machine(medians)}. Sweeps: {so_far(medians)}."
    yield from _between_runs(medians)
    yield from _interleaved(interleaved(medians))
    yield from _widths(widths(medians))


def _machine(medians: Medians) -> str:
    about, dates = medians.about, sorted(process.date for sweep in medians.sweeps for process in sweep.processes)
    jaxlib = about["versions"].get("jaxlib")
    return f"{about['environment']['cpu']['model']}, {dates[0][:16]} to {dates[-1][:16]} UTC, jaxlib {jaxlib}"


def _between_runs(medians: Medians) -> Iterator[str]:
    threads = sorted({process.threads for sweep in medians.of_kind(BETWEEN) for process in sweep.processes})
    found = {number: between(medians, number) for number in threads}
    columns = ("spread between runs", "the same called faster or slower", "same", f"{HANDICAP:.0%} slower found")
    yield from _heading("threads", *columns, "detectable", "no interval", "spread assumed")
    for number, (pairs, spread) in found.items():
        tallies = (pairs.same, pairs.slowed)
        yield _row(
            str(number),
            _spread(spread),
            _share(pairs.same, *_CALLED),
            _share(pairs.same, Verdict.SAME),
            _share(pairs.slowed, Verdict.SLOWER),
            _percent(pairs.same.detectable),
            *(str(sum(getattr(tally, name) for tally in tallies)) for name in ("without_interval", "assumed")),
        )
    rounded = (f"{_rounded_up(spread)} with {n} threads" for n, (_, spread) in found.items() if spread)
    yield f"\nRounded up, to be assumed: {', '.join(rounded) or 'nothing yet'}."


def _interleaved(pairs: Pairs) -> Iterator[str]:
    yield from _heading("in one sweep", "pairs", "faster", "slower", "same", "undecided", "no interval", "detectable")
    for name, tally in (("the same twice", pairs.same), (f"{HANDICAP:.0%} slower", pairs.slowed)):
        verdicts = (Verdict.FASTER, Verdict.SLOWER, Verdict.SAME, Verdict.UNDECIDED)
        cells = (str(tally.of(verdict)) for verdict in verdicts)
        yield _row(name, str(len(tally)), *cells, str(tally.without_interval), _percent(tally.detectable))


def _widths(found: Sequence[Width]) -> Iterator[str]:
    yield from _heading(
        "threads", "pairs", "paired / unpaired", f"of them correlated {CORRELATED} or more", "paired / unpaired"
    )
    for threads in sorted({one.threads for one in found}):
        every = [one for one in found if one.threads == threads]
        alike = [one for one in every if one.correlation >= CORRELATED]
        yield _row(str(threads), str(len(every)), _ratio(every), str(len(alike)), _ratio(alike))


def _heading(*columns: str) -> Iterator[str]:
    yield ""
    yield _row(*columns)
    yield "| --- |" + " ---: |" * (len(columns) - 1)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _share(tally: Tally, *verdicts: Verdict) -> str:
    """With how many pairs it is of."""
    count = tally.of(*verdicts)
    return f"{count} of {len(tally)} ({count / len(tally):.0%})".replace("%", " %") if len(tally) else _NONE


def _percent(share: float | None) -> str:
    return _NONE if share is None else f"{100 * share:.1f} %"


def _ratio(found: Sequence[Width]) -> str:
    ratio = relative(found)
    return _NONE if ratio is None else f"{ratio:.2f}"


def _spread(spread: BetweenRuns | None) -> str:
    return _NONE if spread is None else f"{_percent(spread.deviation)} ({spread.degrees:g} degrees of freedom)"


def _rounded_up(spread: BetweenRuns) -> str:
    """To a whole per cent."""
    return f"{max(1, math.ceil(100 * spread.deviation))} %"
