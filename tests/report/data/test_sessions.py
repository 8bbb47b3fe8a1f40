"""Rows whose sweep was stopped and went on much later say so; long sweeps, and short breaks, do not."""

from __future__ import annotations

import pytest

from tests.report.factory import failed, placed, record, scenarios

MINUTE, HOUR = 1, 60


def at(minute, position, block=0, *, run="first", machine="here", **changes):
    """A process that began so many minutes after midnight; it takes nine seconds."""
    day, hour = divmod(minute // HOUR, 24)
    date = f"2026-03-{day + 1:02d}T{hour:02d}:{minute % HOUR:02d}:00+00:00"
    one = record(date=date, replicate=block, **changes)
    return placed(one, block, position, run=run, machine=machine)


def are_apart(records):
    """By threads, machine and run whether the row is told to be of sessions apart."""
    rows = scenarios(records).select("threads", "machine", "run", "flags").rows()
    return {tuple(key): "sessions-apart" in flags.split(";") for *key, flags in rows}


ROW = (1, "here", "first")


@pytest.mark.parametrize(("later", "expected"), [(30 * MINUTE, False), (59, False), (61, True), (26 * HOUR, True)])
def test_a_sweep_that_goes_on_much_later_is_told(later, expected):
    records = [at(0, 0), at(1, 1, 1), at(2 + later, 0, 2), at(3 + later, 1, 3)]
    assert are_apart(records) == {ROW: expected}
    assert are_apart(records[::-1]) == {ROW: expected}


def test_a_long_round_is_no_break():
    """Of a sweep of many points, each is measured again only after all others."""
    records = [
        at((block * 3 + place) * 40, block * 3 + place, block, threads=threads)
        for block in range(3)
        for place, threads in enumerate((1, 2, 4))
    ]
    assert are_apart(records) == {(threads, "here", "first"): False for threads in (1, 2, 4)}


def test_a_break_is_one_for_the_rows_that_go_on_after_it_alone():
    """The second session asks for one point more, and has no more to do for another."""
    before = [at(number, number, threads=threads) for number, threads in enumerate((1, 2))]
    after = [at(5 * HOUR + number, number, 1, threads=threads) for number, threads in enumerate((4, 1))]
    found = are_apart([*before, *after])
    assert {threads for threads, _, _ in found if found[threads, "here", "first"]} == {1}


def test_runs_and_machines_are_rows_of_their_own_and_not_apart():
    found = are_apart([at(0, 0), at(9 * HOUR, 0, run="second"), at(20 * HOUR, 0, machine="there")])
    assert list(found.values()) == [False] * 3


def test_where_no_order_is_known_the_time_alone_says_it():
    records = [record(date=f"2026-03-01T{hour:02d}:00:00+00:00", replicate=hour) for hour in (1, 4)]
    assert list(are_apart(records).values()) == [True]


def test_a_repeat_in_a_later_session_is_where_the_row_goes_on():
    """What failed was repeated the day after, and the attempt that counts is of then."""
    bad = placed(failed(replicate=1, date="2026-03-01T00:01:00+00:00"), 1, 1)
    again = at(25 * HOUR, 0, 1) | {"replicate": 1, "attempt": 1}
    bad |= {"identity": again["identity"]}
    assert list(are_apart([at(0, 0), bad]).values()) == [False]
    found = scenarios([at(0, 0), bad, again])
    assert found["flags"].to_list() == ["modes-not-testable;sessions-apart"]
