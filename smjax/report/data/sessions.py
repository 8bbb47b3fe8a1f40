"""Which rows are of sessions hours apart: a sweep that was stopped and goes on later measures at two times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from smjax.core.records.record import Record

APART = timedelta(hours=1)
"""Between two processes of a row; by then what goes on beside them may be something else."""


def are_apart(rows: Sequence[dict[str, Any]], records: Sequence[Record]) -> list[bool]:
    """Of each row whether the end of a session and more than `APART` lie between two consecutive processes of it."""
    sessions = sessions_of(records)

    def is_break(one: int, other: int) -> bool:
        return sessions[one] < sessions[other] and _start(records[other]) - _end(records[one]) > APART

    return [any(is_break(*pair) for pair in pairwise(row["record_numbers"])) for row in rows]


def sessions_of(records: Sequence[Record]) -> list[int]:
    """Of each record which session of its run it is of: in each the place of a process (`order`) begins at 0 again.

    A process whose place is not known is taken for the first of a session.
    """
    found, last = [0] * len(records), dict[str, tuple[int, int]]()
    for number in sorted(range(len(records)), key=lambda number: _start(records[number])):
        record = records[number]
        session, before = last.get(record.run, (0, -1))
        position = record.order.position if record.order else 0
        found[number] = session + (position <= before)
        last[record.run] = found[number], position
    return found


def _start(record: Record) -> datetime:
    return datetime.fromisoformat(record.date)


def _end(record: Record) -> datetime:
    return _start(record) + timedelta(microseconds=record.wall_ns / 1000)
