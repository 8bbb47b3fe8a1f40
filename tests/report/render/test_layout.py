"""What a width has room for: figures whole and in as few tables as without drawings, then drawings."""

from __future__ import annotations

import pytest

from smjax.report.render.forest import Forest
from smjax.report.render.grid import Cell, GridColumn, draw
from smjax.report.render.layout import laid_out
from smjax.report.render.pen import BLOCKS
from smjax.report.render.share import Share


def column(heading, width, drawn=None, **more):
    """Of cells of so many characters."""
    return GridColumn(heading, lambda row: Cell(1, "9" * width, drawn=drawn), numeric=True, **more)


KEY = GridColumn("key", lambda row: Cell(row["key"], row["key"]), role="key")
RATIO, SHARE = Forest(1.2, 1.1, 1.3), Share(0.5)


def tables(columns, width, rows=2):
    """Of each the columns' headings, and after those with a drawing how wide that is."""
    grid = draw("", [], [KEY, *columns], [{"key": f"{number}"} for number in range(rows)])
    shown, parts = laid_out(grid, width, BLOCKS)
    return [
        " ".join(
            shown.columns[number].heading + (f"[{part.strips[number].width}]" if number in part.strips else "")
            for number in part.columns
        )
        for part in parts
    ]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (98, ["key a b[31] c"]),
        (56, ["key a b[19] c"]),
        (48, ["key a b[11] c"]),  # the least that it takes
        (47, ["key a b c", "key[31]"]),  # no figure makes room for it
        (34, ["key a b", "key c[17]"]),  # where a table has some
        (20, ["key a", "key b", "key c", "key[13]"]),
        (15, ["key a", "key b", "key c"]),
    ],
)
def test_drawings_take_what_figures_leave(width, expected):
    assert tables([column("a", 8), column("b", 8, RATIO), column("c", 8)], width) == expected


def test_there_are_no_further_tables_for_what_figures_say_as_well_or_many_rows():
    short, share = ([column("a", 20, drawn), column("b", 20)] for drawn in (RATIO, SHARE))
    assert tables(short, 53) == ["key a b", "key[31]"]
    assert tables(short, 53, rows=100) == tables(share, 53) == ["key a b"]
    assert tables(share, 78) == ["key a[20] b"]


@pytest.mark.parametrize("width", [32, 40, 58])
def test_what_says_something_of_each_other_is_parted_before_a_figure_is_cut(width):
    columns = [column("a", 10), column("b", 10, follows=True), column("c", 20, follows=True)]
    expected = {32: ["key a b", "key c"], 40: ["key a b", "key c"], 58: ["key a b c"]}
    assert tables(columns, width) == expected[width]


def test_keys_that_leave_no_room_are_numbered():
    keys = [GridColumn(f"key{n}", lambda row: Cell(row["key"], f"{row['key']}234567"), role="key") for n in range(2)]
    grid = draw("", [], [*keys, column("a", 24)], [{"key": number} for number in (1, 2)])
    for width, expected in ((44, [["key0", "key1", "a"]]), (43, [["#", "key0", "key1"], ["#", "a"]])):
        shown, parts = laid_out(grid, width, BLOCKS)
        assert [[shown.columns[number].heading for number in part.columns] for part in parts] == expected


@pytest.mark.parametrize(
    ("width", "strip", "widest"), [(118, 31, 60), (98, 21, 60), (88, 11, 60), (78, 11, 51), (58, 11, 31)]
)
def test_texts_get_room_before_drawings_get_more_than_they_need(width, strip, widest):
    text = GridColumn("why", lambda row: Cell("", "w" * 60))
    _, (part,) = laid_out(draw("", [], [column("a", 10, RATIO), text], [{}]), width, BLOCKS)
    assert (part.strips[0].width, part.widest_text, part.is_folded) == (strip, widest, widest < 60)
