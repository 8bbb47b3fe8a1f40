"""Markdown of a calibration, from its medians alone; says of how many sweeps it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from smjax.core.numbers import plural
from smjax.stats.runs import BetweenRuns
from smjax.stats.verdicts import Verdict

from .medians import Medians
from .sweeps import BETWEEN, HANDICAP, so_far
from .verdicts import Judged, Pairs, Tally, between, interleaved
from .widths import CORRELATED, Width, relative, widths

_CALLED = (Verdict.FASTER, Verdict.SLOWER)
_VERDICTS = tuple(Verdict)
_CALM = 0.011
"""Spread between runs up to which a difference of 5 % is to be found."""
_NONE = "\N{EN DASH}"


def tables(medians: Medians) -> Iterator[str]:
    """Line by line."""
    threads = sorted({process.threads for sweep in medians.of_kind(BETWEEN) for process in sweep.processes})
    runs = {number: between(medians, number) for number in threads}
    pairs, wide = interleaved(medians), widths(medians)
    yield f"{_machine(medians)}. Sweeps: {so_far(medians)}."
    yield from _between_runs(runs)
    yield from _interleaved(pairs)
    yield from _widths(wide)
    yield from _row_by_row(("to be held", "limit", "is"), limits(runs.get(1), pairs, wide))


def limits(runs: Judged | None, pairs: Pairs, wide: Sequence[Width]) -> Iterator[tuple[str, str, str]]:
    """What was to be held with one thread, as far as it was measured; `runs` are of that."""
    slower = f"{HANDICAP:.0%} slower found".replace("%", " %")
    if runs is not None:
        (across, spread) = runs
        yield _limit("between runs, the same called faster or slower", 0.10, across.same.share(*_CALLED))
        if spread is not None and spread.deviation <= _CALM:
            yield _limit(f"between runs, {slower}", 0.80, across.slowed.share(Verdict.SLOWER), is_most=False)
    yield _limit("in one sweep, the same called faster or slower", 0.10, pairs.same.share(*_CALLED))
    yield _limit(f"in one sweep, {slower}", 0.85, pairs.slowed.share(Verdict.SLOWER), is_most=False)
    yield _limit("paired half-widths over unpaired", 1.10, relative(wide))
    yield _limit("the same, correlated", 0.75, relative([one for one in wide if one.correlation >= CORRELATED]))


def _limit(what: str, limit: float, found: float | None, is_most: bool = True) -> tuple[str, str, str]:
    sign = "\N{LESS-THAN OR EQUAL TO}" if is_most else "\N{GREATER-THAN OR EQUAL TO}"
    if found is None:
        return what, f"{sign} {limit:.2f}", "not measured"
    kept = found <= limit if is_most else found >= limit
    return what, f"{sign} {limit:.2f}", f"{found:.2f}, {'kept' if kept else 'missed'}"


def _machine(medians: Medians) -> str:
    about, dates = medians.about, sorted(process.date for sweep in medians.sweeps for process in sweep.processes)
    jaxlib = about["versions"].get("jaxlib")
    return f"{about['environment']['cpu']['model']}, {dates[0][:16]} to {dates[-1][:16]} UTC, jaxlib {jaxlib}"


def _between_runs(found: Mapping[int, Judged]) -> Iterator[str]:
    columns = ("spread between runs", "the same called faster or slower", "same", "slowed found", "detectable")
    rows = (_of_runs(number, *judged) for number, judged in found.items())
    yield from _row_by_row(("threads", *columns, "no interval", "spread assumed"), rows)
    rounded = [
        f"{_rounded_up(spread)} with {plural(number, 'thread', 'threads')}"
        for number, (_, spread) in found.items()
        if spread is not None
    ]
    yield f"\nRounded up, to be assumed: {', '.join(rounded) or 'nothing yet'}."


def _of_runs(threads: int, pairs: Pairs, spread: BetweenRuns | None) -> tuple[str, ...]:
    both = Tally([*pairs.same.comparisons, *pairs.slowed.comparisons])
    counts = (
        _counted(pairs.same, *_CALLED),
        _counted(pairs.same, Verdict.SAME),
        _counted(pairs.slowed, Verdict.SLOWER),
    )
    return (
        *(str(threads), _spread(spread), *counts),
        *(_percent(pairs.same.detectable), str(both.without_interval), str(both.assumed)),
    )


def _interleaved(pairs: Pairs) -> Iterator[str]:
    columns = ("pairs", *_VERDICTS, "no interval", "detectable")
    rows = (
        (
            *(name, str(len(tally)), *(str(tally.of(verdict)) for verdict in _VERDICTS)),
            *(str(tally.without_interval), _percent(tally.detectable)),
        )
        for name, tally in (("the same twice", pairs.same), ("slowed", pairs.slowed))
    )
    yield from _row_by_row(("in one sweep", *columns), rows)


def _widths(found: Sequence[Width]) -> Iterator[str]:
    rows = []
    for threads in sorted({one.threads for one in found}):
        every = [one for one in found if one.threads == threads]
        alike = [one for one in every if one.correlation >= CORRELATED]
        rows.append((str(threads), str(len(every)), _ratio(every), str(len(alike)), _ratio(alike)))
    columns = ("paired / unpaired", f"correlated {CORRELATED} or more", "paired / unpaired")
    yield from _row_by_row(("threads", "pairs", *columns), rows)


def _row_by_row(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table."""
    yield f"\n| {' | '.join(columns)} |"
    yield f"| --- |{' ---: |' * (len(columns) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _counted(tally: Tally, *verdicts: Verdict) -> str:
    """With how many pairs it is of."""
    share = tally.share(*verdicts)
    return _NONE if share is None else f"{tally.of(*verdicts)} of {len(tally)} ({100 * share:.0f} %)"


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
