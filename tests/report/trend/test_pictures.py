"""A picture for each history with a step."""

from __future__ import annotations

import pytest

from smjax.report.trend.pictures import MOST, pictures
from tests.report.trend.histories import found, history, slower_from


def test_levels_in_turn_have_marks_of_their_own():
    courses = found(history(20, slower_from(11)), history(12, slower_from(99), threads=2))
    (picture,), notes = pictures(courses)
    assert picture.marks == "o" * 11 + "x" * 9
    assert list(picture.values) == courses[0].timeline.values
    assert picture.caption == "tinystories-1m, 1 thread, ctx 256: decode tok/s of its 20 runs"
    assert notes == []
    (picture,), _ = pictures(found(history(30, lambda place: 90 if 10 <= place < 20 else 100)))
    assert picture.marks == "o" * 10 + "x" * 10 + "o" * 10


def test_more_than_fit_are_counted():
    (course,) = found(history(20, slower_from(11)))
    drawn, notes = pictures([course] * (MOST + 2))
    assert len(drawn) == MOST
    assert notes == ["and 2 more with a step; name fewer folders to see them"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ([{"python": "/a"}, {"python": "/b"}], ["python /a", "python /b"]),
        ([{"engine_args": {"mmap": value}} for value in ("true", "false")], ["engine args mmap=true", "mmap=false"]),
    ],
)
def test_histories_of_one_name_are_told_apart_by_what_a_run_compares(changes, named):
    drawn, _ = pictures(found(*(history(20, slower_from(11), **one) for one in changes)))
    assert [name in picture.caption for picture, name in zip(drawn, named, strict=True)] == [True, True]
    assert len({picture.caption for picture in drawn}) == 2
