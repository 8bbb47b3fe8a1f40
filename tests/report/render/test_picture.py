"""Pictures in characters: where values stand, and that nothing else is needed to read them."""

from __future__ import annotations

import io

import pytest

from smjax.report.render.grid import GridColumn, draw, name_of
from smjax.report.render.markdown import markdown
from smjax.report.render.picture import Picture, drawn
from smjax.report.render.terminal import show

TWO_SPEEDS = (4605, 4783, 4817, 6383, 6420, 6514, 6450, 6470)
PICTURE = Picture("caption | of <it>", TWO_SPEEDS, "xxxooooo", "in the order of time; o alone, x shared")


def test_values_stand_in_the_order_of_time_by_their_size():
    assert drawn(PICTURE, 60) == [
        "6514 |          o  o  o  o  o",
        "     |",
        "     |",
        "     |",
        "     |       x",
        "4605 | x  x",
        "     +----------------------->",
        "       in the order of time; o alone, x shared",
    ]


@pytest.mark.parametrize("width", [30, 80, 120])
@pytest.mark.parametrize("count", [2, 8, 30, 79, 400])
def test_any_number_of_values_fits_any_width(count, width):
    values = tuple(100 + 7 * (number % 13) for number in range(count))
    lines = drawn(Picture("", values, "o" * count, "time"), width)
    assert len(lines) == 8
    assert max(map(len, lines)) <= width
    assert sum(line.count("o") for line in lines[:6]) == count or count > width / 2
    assert lines[0].startswith(f"{max(values)}.0 | ")
    assert lines[5].startswith("100.0 | o")


def test_what_stands_below_is_folded_where_it_is_narrow():
    lines = drawn(PICTURE, 30)
    assert lines[6].endswith(">")
    assert [line.strip() for line in lines[7:]] == ["in the order of time; o", "alone, x shared"]
    assert max(map(len, lines)) <= 30


GRID = draw("Rates", [], [GridColumn("name", name_of("name"))], [{"name": "a"}], ["A note."], [PICTURE])


def test_markdown_has_it_as_it_is_between_the_cells_and_the_notes():
    text = markdown([GRID])
    block = "\n".join(["", "caption \\| of \\<it>", "", "```text", *drawn(PICTURE, 80), "```", ""])
    assert block in text
    assert text.index("| a |") < text.index("```") < text.index("- A note.")


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_has_every_line_of_it(width, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", str(width))
    stream = io.StringIO()
    show([GRID], stream)
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    start = lines.index("caption | of <it>") + 1
    assert lines[start : start + 8] == drawn(PICTURE, width)


def test_it_needs_no_more_than_ascii():
    assert "\n".join(drawn(PICTURE, 80)).isascii()
