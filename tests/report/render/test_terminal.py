"""What a terminal gets: blocks and colours where it takes them, else characters that all have, and always the words."""

from __future__ import annotations

import pytest

from smjax.report.render.forest import Forest
from smjax.report.render.grid import Cell, GridColumn, draw
from smjax.report.render.in_order import InOrder
from smjax.report.render.markdown import markdown
from smjax.report.render.share import Share
from smjax.report.render.terminal import show
from tests.report.render.test_renderers import Terminal

DRAWN = (
    InOrder((100, 101, 70, None), (False, True, False, False), "tok/s", "odd", "gone"),
    Forest(1.2, 1.1, 1.3),
    Share(0.5),
)
GRID = draw(
    "Rates",
    [],
    [
        GridColumn("verdict", lambda row: Cell("slower", "slower", "bad"), role="key"),
        *(
            GridColumn(f"n{n}", lambda row, one=one: Cell(7, "7", drawn=one), numeric=True)
            for n, one in enumerate(DRAWN)
        ),
    ],
    [{}],
)
BLOCKS, ESCAPES = "█▁│●·", "\x1b[1;31mslower"
LOCALES = ("LC_ALL", "LC_CTYPE", "LANG")


def printed(monkeypatch, encoding="utf-8", **variables):
    class Encoded(Terminal):
        pass

    Encoded.encoding = encoding
    for name in (*LOCALES, "NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", "COLUMNS": "100", **variables}.items():
        monkeypatch.setenv(name, value)
    stream = Encoded()
    show([GRID], stream)
    return stream.getvalue()


def test_a_terminal_that_takes_them_gets_blocks_and_colours(monkeypatch):
    for variables in ({}, {"LANG": "C.UTF-8"}, {"LC_ALL": "de_DE.UTF-8", "LANG": "C"}):
        text = printed(monkeypatch, **variables)
        assert all(block in text for block in BLOCKS)
        assert ESCAPES in text


@pytest.mark.parametrize(
    "variables",
    [
        {"TERM": "dumb"},
        {"NO_COLOR": "1"},
        {"LC_ALL": "C", "LANG": "C.UTF-8"},
        {"LANG": "POSIX"},
        {"encoding": "latin-1"},
    ],
)
def test_any_other_gets_what_every_one_has(variables, monkeypatch):
    text = printed(monkeypatch, **variables)
    assert text.replace("─", "").isascii(), "the line below headings was always there"
    assert "\x1b[1;31m" not in text or {"LC_ALL", "LANG", "encoding"} & set(variables)
    for drawn in ("''_?", "x", "|", "-o-", "#####", "slower"):
        assert drawn in text


def test_markdown_has_no_drawing():
    assert markdown([GRID]).splitlines()[-1] == "| slower | 7 | 7 | 7 |"
