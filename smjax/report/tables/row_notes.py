"""What stands below a run's table: how intervals are made, and what is to be said of rows, of alike ones once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from smjax.core.machine.sharing import SHARED_STATE
from smjax.core.numbers import plural
from smjax.core.records.flags import DISTURBED
from smjax.report.data.place_names import PlaceNames
from smjax.report.render.grid import Row
from smjax.report.tables.captions import are_pooled, have_intervals
from smjax.report.tables.column_cells import with_reach
from smjax.report.tables.reasons import reason_of

_ABOUT_INTERVALS = (
    "±: half the width of the 95 % interval over {unit}, by Student's t on the logarithms of {logarithms}; "
    "or the interval itself, where the figure is not in its middle"
)
_REASONS = 3
"""As many of them are told of a row."""


def notes(rows: Sequence[Row], told: Sequence[Row]) -> list[str]:
    """The notes; of the rows `told` a picture says already why they have no interval."""
    by_text = defaultdict[str, list[Row]](list)
    for row, text in (*_failures(rows), *_no_intervals(rows, told), *_states(rows), *_disturbances(rows)):
        by_text[text].append(row)
    names = PlaceNames(rows)
    return [
        *_about_intervals(rows),
        *(f"{'; '.join(names.of(where))}: {text}" for text, where in by_text.items()),
        *_repeated(rows),
        *_not_pooled(rows),
    ]


def _about_intervals(rows: Sequence[Row]) -> list[str]:
    if not have_intervals(rows):
        return []
    of_processes = ("processes", "their medians, stragglers bent in (sustained and p99 otherwise)")
    unit, logarithms = ("runs", "their figures") if are_pooled(rows) else of_processes
    return [_ABOUT_INTERVALS.format(unit=unit, logarithms=logarithms)]


def _not_pooled(rows: Sequence[Row]) -> list[str]:
    is_unsure = are_pooled(rows) and any(row["machine"] is None for row in rows)
    return ["Runs of records that do not say which machine they are of stay apart: they may be of two."] * is_unsure


def _failures(rows: Sequence[Row]) -> Iterator[tuple[Row, str]]:
    for row in rows:
        if row["status"] != "ok":
            yield row, _in_words(row["status"], row["bad_processes"], row["processes"], row["reasons"])


def _no_intervals(rows: Sequence[Row], told: Sequence[Row]) -> Iterator[tuple[Row, str]]:
    for row in rows:
        if (reason := reason_of(row)) and not any(row is one for one in told):
            yield row, f"no interval: {reason}"


def _states(rows: Sequence[Row]) -> Iterator[tuple[Row, str]]:
    """How fast it was in each state of its cores, where they were not all of the time alone."""
    for row in rows:
        states = row.get("by_state") or []
        if any(state["state"] == SHARED_STATE for state in states):
            yield row, "; ".join(map(_of_state, states))


def _of_state(state: Row) -> str:
    figure = with_reach(state["decode_tok_per_s"], state["lo"], state["hi"])
    told = f"{figure} tok/s" if figure else "too few answers for a figure"
    return f"cores {state['state']} {state['share']:.0%} of the time: {told}".replace("%", " %", 1)


def _disturbances(rows: Sequence[Row]) -> Iterator[tuple[Row, str]]:
    for row in rows:
        if row["processes_disturbed"]:
            yield row, _in_words(DISTURBED.name, row["processes_disturbed"], row["processes"], row["disturbed_by"])


def _in_words(what: str, count: int, processes: int, reasons: list[str]) -> str:
    of_all = f"{count} of {plural(processes, 'process', 'processes')}"
    more = f" and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
    return f"{what} ({of_all}): {'; '.join(reasons[:_REASONS]) or 'no reason recorded'}{more}"


def _repeated(rows: Sequence[Row]) -> list[str]:
    """How many processes do not count as another took their place, and why."""
    why = Counter(reason for row in rows for reason in row["repeated_because"] or ())
    if not why:
        return []
    told = ", ".join(reason if len(why) == 1 else f"{count} {reason}" for reason, count in sorted(why.items()))
    return [f"{plural(why.total(), 'process was', 'processes were')} repeated: {told}"]
