"""The values of one axis inside one sweep, each beside the base, in the same blocks."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.core.numbers import plural
from smjax.core.records.record import Record
from smjax.report.compare.axis import Axis
from smjax.report.compare.comparable import comparable
from smjax.report.compare.comparison import Comparison, Question, compare
from smjax.report.compare.pairing import Pair, in_order, processes_of


def within_sweep(
    records: Sequence[Record], axis: str, base: str | None, question: Question
) -> tuple[list[Comparison], list[str]]:
    """A comparison of each other value with the base, wherever all else is equal; and what else is to be said.

    Raises RequestError for an axis that the sweep does not vary, and a base that is no value of it.
    """
    found = Axis(axis, processes_of(records, *question.names))
    found.check_varied()
    return along(found, base, question)


def along(axis: Axis, base: str | None, question: Question) -> tuple[list[Comparison], list[str]]:
    """The same of an axis that was found; raises RequestError for a base that is no value of it."""
    first = axis.base(base)
    others = [value for value in axis.values() if value != first]
    pairs = in_order(
        comparable(Pair(group[first], group.get(value, ()), axis.name, (first, value)), question.metrics)
        for group in axis.groups
        for value in others
        if first in group
    )
    alone = sum(first not in group for group in axis.groups)
    notes = [f"{plural(alone, 'row has', 'rows have')} no {axis.name} {first} to stand beside."] if alone else []
    return compare(pairs, [None] * len(pairs), question), notes
