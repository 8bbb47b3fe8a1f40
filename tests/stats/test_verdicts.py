"""Whether what was measured twice has changed."""

from __future__ import annotations

import pytest

from smjax.stats.intervals import ratio
from smjax.stats.verdicts import Verdict, Word, judge


def test_several_processes_are_judged_by_the_interval_of_their_ratio():
    now, before = [[200, 201, 90], [202], [198]], [[100], [101], [99]]
    found = ratio([200, 202, 198], [100, 101, 99])
    assert judge(now, before) == Verdict(Word.REAL, 2, found[1], found[2])
    assert judge(before, before).word == Word.NOT_DISTINGUISHABLE


@pytest.mark.parametrize(
    ("now", "before", "word", "change"),
    [
        ([[100, 125]], [[125]], Word.WITHIN, 0.9),
        ([[100, 125]], [[200]], Word.OUTSIDE, 0.5625),
        ([[100]], [[100]], Word.UNKNOWN, 1),
        ([[100]], [[0]], Word.UNKNOWN, None),
        ([], [[100]], Word.UNKNOWN, None),
        ([[], [100]], [[50]], Word.UNKNOWN, 2),
    ],
)
def test_without_an_interval_the_spread_of_the_samples_decides(now, before, word, change):
    assert judge(now, before) == Verdict(word, change)
