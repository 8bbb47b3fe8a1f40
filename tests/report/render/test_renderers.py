"""The same grids in every form, and what it takes to add one."""

from __future__ import annotations

import io
import json

from smjax.report.render import renderers
from smjax.report.render.grid import UNKNOWN, Grid, GridColumn, draw, figure, message, name_of
from smjax.report.render.markdown import markdown

COLUMNS = (GridColumn("name", name_of("name"), role="key"), GridColumn("rate", figure("rate"), numeric=True))
ROWS = [{"name": "a|b", "rate": 1234.5}, {"name": "c", "rate": None}]
GRID = draw("Rates", ["By hand."], COLUMNS, ROWS, ["Never again."])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_drawing_and_everything_else_markdown(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    file, terminal = io.StringIO(), Terminal()
    renderers.show([GRID], file)
    renderers.show([GRID], terminal)
    assert f"| a\\|b | 1230 |\n| c | {UNKNOWN} |\n" in file.getvalue()
    assert "|" not in terminal.getvalue().replace("a|b", "")
    drawn = [line.split() for line in terminal.getvalue().splitlines()]
    assert ["a|b", "1230"] in drawn
    assert ["c", UNKNOWN] in drawn


def test_what_one_table_says_the_next_does_not_repeat():
    text = markdown([GRID, draw("More", ["By hand."], COLUMNS, ROWS, ["Never again.", "Nor later."])])
    assert text.count("Never again.") == text.count("Nor later.") == 1
    assert text.count("By hand.") == 2, "how a table's figures were made stands above it"


def test_a_renderer_is_one_function_and_one_line(monkeypatch):
    def show(grids: list[Grid], stream: io.StringIO) -> None:
        """Values, not texts."""
        values = [[cell.value for cell in row] for grid in grids for row in grid.rows]
        print(json.dumps(values), file=stream)

    monkeypatch.setitem(renderers.RENDERERS, "json", show)
    stream = io.StringIO()
    renderers.RENDERERS["json"]([GRID, message("Nothing", "at all")], stream)
    assert json.loads(stream.getvalue()) == [["a|b", 1234.5], ["c", None]]
