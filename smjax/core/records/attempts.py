"""Which of several attempts at one process counts: the last that finished ok, else the last."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Attempt:
    """What decides which attempt counts."""

    slot: Hashable
    """Whose process it is: one replicate of one row."""
    number: int
    """0 for the first; a later run into another folder begins at 0 again."""
    ok: bool
    date: str


def takes_the_place(earlier_ok: bool, later_ok: bool) -> bool:
    """Whether a later attempt counts instead of the one that counted until then."""
    return later_ok or not earlier_ok


def that_count(attempts: Iterable[Attempt]) -> set[int]:
    """Numbers (places in `attempts`, whatever their order) of those that count.

    In the order of time, every first attempt at a slot is a process of its own: it is of another run.
    """
    numbered = sorted(enumerate(attempts), key=lambda pair: (pair[1].date, pair[1].number, pair[0]))
    done: set[int] = set()
    open_: dict[Hashable, tuple[int, bool]] = {}
    for place, attempt in numbered:
        before = open_.get(attempt.slot)
        if before is not None and attempt.number == 0:
            done.add(before[0])
            before = None
        if before is None or takes_the_place(before[1], attempt.ok):
            open_[attempt.slot] = (place, attempt.ok)
    return done | {place for place, _ in open_.values()}
