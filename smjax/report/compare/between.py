"""Two runs, each scenario of the one beside the same of the other."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from smjax.core.errors import RequestError
from smjax.core.numbers import plural
from smjax.core.text import printable
from smjax.report.compare.comparable import comparable
from smjax.report.compare.comparison import Comparison, Question, compare
from smjax.report.compare.earlier import Earlier
from smjax.report.compare.fields import differences, machine_of
from smjax.report.compare.pairing import (
    Pair,
    Process,
    Runs,
    in_order,
    processes_of_each,
    row_key,
    scenario_key,
    thing_key,
)
from smjax.report.compare.spread import History, Spread, spread_of
from smjax.report.compare.turn import in_turn

_WEIGHTS = {"engine": 1000, "kernel": 300, "isa": 100, "label": 30, "measure.handicap": 30}
"""How much a difference weighs where a row could stand beside several; any other field weighs 1."""


@dataclass(frozen=True)
class Sides:
    """What is compared, and what is known of runs besides."""

    base: Runs
    new: Runs
    history: Earlier | None = None
    between_runs: float | None = None
    """The spread between runs, if it is given: 0.03 for 3 %."""


def between_runs(sides: Sides, question: Question) -> tuple[list[Comparison], list[str]]:
    """A comparison for each scenario of base, and what else is to be said.

    Raises RequestError where a side is several runs of machines that are not known.
    """
    processes = processes_of_each([*sides.base, *sides.new], *question.names)
    base, new = _rows(processes[: len(sides.base)]), _rows(processes[len(sides.base) :])
    matched = (pair for scenario, rows in base.items() for pair in _matched(rows, new.get(scenario, [])))
    pairs = in_order(comparable(pair, question.metrics) for pair in matched)
    compared = itertools.chain(*sides.base, *sides.new)
    history = History(sides.history if sides.between_runs is None else None, compared, question.names)
    spreads = _with_command([spread_of(pair, history, sides.between_runs) for pair in pairs], pairs)
    paired = sum(bool(pair.new) for pair in pairs)
    more = sum(map(len, new.values())) - paired
    return compare(pairs, spreads, question), [f"{plural(more, 'row', 'rows')} of new alone."] if more else []


def _rows(runs: Sequence[Sequence[Process]]) -> dict[Hashable, list[list[Process]]]:
    """By scenario, its rows; several runs of a thing are one."""
    key = row_key if len(runs) == 1 else thing_key
    rows = defaultdict[Hashable, list[Process]](list)
    for process in itertools.chain(*runs):
        rows[key(process.record)].append(process)
    found = defaultdict[Hashable, list[list[Process]]](list)
    for row in rows.values():
        _check_one_machine(row)
        found[scenario_key(row[0].record)].append(row)
    return found


def _check_one_machine(row: Sequence[Process]) -> None:
    """Raise RequestError for runs of which nobody can say whether one machine made them: two are never pooled."""
    runs, record = len({process.run for process in row}), row[0].record
    if runs > 1 and not record.machine:
        raise RequestError(
            f"a side of several runs: expected a machine that is known, found {runs} of "
            f"{printable(machine_of(record))}, which may be several; compare one run with one"
        )


def _matched(base: Sequence[list[Process]], new: Sequence[list[Process]]) -> list[Pair]:
    """Each row of base beside the one of new that differs least and is not taken; beside nothing if none is left."""
    ranked = sorted(
        (_distance(ours, theirs), place, other) for place, ours in enumerate(base) for other, theirs in enumerate(new)
    )
    taken = dict[int, int]()
    for _, place, other in ranked:
        if place not in taken and other not in taken.values():
            taken[place] = other
    return [Pair(ours, new[taken[place]] if place in taken else ()) for place, ours in enumerate(base)]


def _distance(base: Sequence[Process], new: Sequence[Process]) -> int:
    differing = differences([process.record for process in base], [process.record for process in new])
    return sum(_WEIGHTS.get(name, 1) for name in differing)


def _with_command(spreads: Sequence[Spread | None], pairs: Sequence[Pair]) -> list[Spread | None]:
    """Where a spread is not measured, with the command that needs none."""
    guessed = [spread is not None and any(runs and runs.assumed for runs in spread.runs) for spread in spreads]
    command = in_turn([pair for pair, is_guess in zip(pairs, guessed, strict=True) if is_guess])
    if not command:
        return list(spreads)
    return [
        Spread(spread.runs, (*spread.why, f"to measure both in turn: {command}")) if spread and is_guess else spread
        for spread, is_guess in zip(spreads, guessed, strict=True)
    ]
