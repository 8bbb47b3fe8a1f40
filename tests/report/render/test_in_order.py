"""Processes as heights in a line: what is seen of modes and drifts, what is not of noise, and what is marked."""

from __future__ import annotations

import pytest

from smjax.report.render.in_order import InOrder
from smjax.report.render.pen import ASCII, BLOCKS
from smjax.report.render.strip import Strip


def in_order(values, marked=()):
    marks = tuple(place in marked for place in range(len(values)))
    return InOrder(tuple(values), marks, "tok/s of each process", "disturbed", "left out")


def strip(*rows, room=60, pen=BLOCKS) -> Strip:
    found = InOrder.strip(list(rows), room, pen)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("values", "blocks", "plain"),
    [
        ((100, 100.1, 99.9, 100), "▅▅▄▅ 4.0 %", "--.- 4.0 %"),  # noise
        ((100, 100, 70, 100, 70, 100), "██▁█▁█ 32 %", "''_'_' 32 %"),  # two speeds
        ((90, 95, 100, 105, 110), "▁▃▅▆█ 20 %", "_.--' 20 %"),  # a drift
        ((3, 3, 3), "▅▅▅ 4.0 %", "--- 4.0 %"),
    ],
)
def test_heights_follow_values_on_a_scale_that_is_said(values, blocks, plain):
    assert strip(in_order(values)).cells == ((blocks,),)
    assert strip(in_order(values), pen=ASCII).cells == ((plain,),)


def test_what_was_disturbed_is_marked_and_what_is_left_out_has_no_height():
    found = strip(in_order([100, 50, None, 100], marked=(1, 2)), None, in_order([100, 100, 100]))
    assert found.cells == (("█▁·█  52 %", " xx "), (), ("▅▅▅  4.0 %",))
    assert found.caption.endswith("; x below: disturbed; ·: left out.")
    assert "x below" not in strip(in_order([100, 100, 100])).caption
    assert strip(in_order([100, None, 100, 50]), pen=ASCII).cells == (("'?'_ 52 %",),)


def test_of_many_the_furthest_from_the_median_are_seen():
    values = [100.0] * 100
    values[37] = 60.0
    wide, narrow = (strip(in_order(values, marked=[40]), room=room) for room in (60, 17))
    assert wide.cells == (("█" * 14 + "▁" + "█" * 25 + " 42 %", " " * 16 + "x" + " " * 23),)
    assert narrow.cells == (("████▁███████ 42 %", "    x       "),)
    assert "of several in one place the furthest from the median" in wide.caption
    assert "of several" not in strip(in_order([100.0] * 40)).caption


@pytest.mark.parametrize(("count", "least"), [(3, 9), (8, 14), (60, 14)])
def test_it_is_left_out_where_there_is_too_little_room(count, least):
    column = [in_order([100.0] * count)]
    assert InOrder.strip(column, least - 1, BLOCKS) is None
    found = InOrder.strip(column, least, BLOCKS)
    assert found is not None
    assert found.width == least
