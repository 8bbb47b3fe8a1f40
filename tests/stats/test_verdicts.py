"""Verdicts are read off the interval that is printed."""

from __future__ import annotations

import pytest

from smjax.stats.ratios import Ratio
from smjax.stats.verdicts import Bounds, Verdict


@pytest.mark.parametrize(
    ("lo", "hi", "higher", "lower"),
    [
        (0.985, 1.015, "same", "same"),
        (0.98, 1.02, "same", "same"),
        (1.005, 1.015, "same", "same"),  # it leaves out 1, and makes no difference
        (0.9799, 1.01, "undecided", "undecided"),
        (0.99, 1.0201, "undecided", "undecided"),
        (1.0, 1.03, "undecided", "undecided"),
        (1.0001, 1.03, "faster", "slower"),
        (0.9, 0.9999, "slower", "faster"),
        (1.5, 2.5, "faster", "slower"),
        (0.5, 2.5, "undecided", "undecided"),
    ],
)
def test_same_inside_of_what_makes_no_difference_else_by_which_side_of_1(lo, hi, higher, lower):
    assert Bounds(lo, hi).verdict(0.02, "higher") == higher
    assert Bounds(lo, hi).verdict(0.02, "lower") == lower


@pytest.mark.parametrize(
    ("lo", "hi", "higher", "lower"),
    [
        (0.90, 0.9699, "slower", "same"),  # all of it beyond 3 %
        (0.90, 0.97, "undecided", "same"),
        (0.90, 0.999, "undecided", "same"),  # certainly slower, but perhaps by less than the threshold
        (0.97, 0.99, "same", "same"),  # slower, and by less
        (0.98, 1.03, "same", "same"),
        (1.01, 1.0301, "same", "undecided"),
        (1.0301, 1.2, "same", "slower"),
    ],
)
def test_a_slowdown_counts_where_the_whole_interval_is_beyond_the_threshold(lo, hi, higher, lower):
    assert Bounds(lo, hi).slowdown(0.03, "higher") == higher
    assert Bounds(lo, hi).slowdown(0.03, "lower") == lower


def test_ends_are_rounded_outwards_so_that_what_is_judged_is_what_is_printed():
    assert Bounds.of(Ratio(1.0, 0.98004, 1.00001, 0.1)) == Bounds(0.98, 1.0001)
    assert Bounds.of(Ratio(1.01, 1.00004, 1.02, 0.1)) == Bounds(1.0, 1.02)
    assert Bounds.of(Ratio(None, None, None, None)) is None
    assert [str(word) for word in Verdict] == ["faster", "slower", "same", "undecided"]
