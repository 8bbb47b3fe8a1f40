"""Ratios as bars: a scale that is said, and an interval that is seen to have 1 only if it has."""

from __future__ import annotations

import pytest

from smjax.report.render.forest import Forest
from smjax.report.render.pen import ASCII, BLOCKS
from smjax.report.render.strip import Strip


def strip(*column, room=21, pen=BLOCKS) -> Strip:
    found = Forest.strip(list(column), room, pen)
    assert found is not None
    return found


def test_all_stand_on_one_scale_around_1():
    found = strip(Forest(2.0, 1.6, 2.5), None, Forest(0.9, 0.7, 1.15), Forest(1 / 4))
    assert found.heading[-1] == "0.25      1         4"
    assert found.cells == (
        ("          │  ──●──   ",),
        (),
        ("       ──●┼─         ",),
        ("●         │          ",),
    )
    assert strip(Forest(2.0, 1.6, 2.5), Forest(1 / 4), pen=ASCII).cells[0] == ("          |  --o--   ",)


@pytest.mark.parametrize("ratio", [1.001, 1 / 1.001])
def test_a_thousandth_is_no_cliff_and_still_not_1(ratio):
    """The interval leaves out 1 by less than a character, and has to be seen to."""
    (line,) = strip(Forest(ratio, ratio / 1.0005, ratio * 1.0005)).cells[0]
    middle = 10
    assert line[middle] == "│"
    assert line.index("●") == middle + (1 if ratio > 1 else -1)
    assert line.strip(" │") == "●"


@pytest.mark.parametrize(("lo", "hi", "has_1"), [(0.999, 1.003, True), (1.0, 1.01, True), (1.0001, 1.04, False)])
def test_the_middle_is_inside_exactly_where_1_is(lo, hi, has_1):
    (line,) = strip(Forest(1.02 if hi > 1.02 else 1.002, lo, hi)).cells[0]
    assert line[10] == ("┼" if has_1 else "│")


def test_an_interval_that_nobody_can_use_is_cut_and_does_not_hide_the_others():
    found = strip(Forest(1.1, 0.001, 500), Forest(1.1, 1.05, 1.15))
    assert found.heading[-1] == "0.5       1         2"
    assert found.cells == (("<─────────┼●────────>",), ("          │●─        ",))
    assert found.caption == "< and >: the interval goes on"
    assert strip(Forest(1.1, 1.05, 1.15)).caption == ""


def test_any_ratio_fits_and_no_line_is_wider_than_the_room():
    for room in range(11, 80):
        found = strip(Forest(5000.0, 0, 1e9), Forest(1e-9), room=room)
        assert found.width <= room
        assert {len(line) for cell in found.cells for line in cell} == {found.width}
    assert Forest.strip([Forest(1.0)], 10, BLOCKS) is None
