"""A grid cut to the size of a terminal: the most telling columns, the rows that fit, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from smjax.report.render.grid import Grid
from smjax.report.render.layout import Part, Space, drawings_of, said_once
from smjax.report.render.pen import Pen, pen_of
from smjax.report.render.terminal import table_of

_TITLE, _MORE = 1, 1
"""Lines."""


class Fitted:
    """A grid that rich can print into any width and height, for a display that is drawn again and again.

    `headings`: of its figures, the most telling first. Keys that rows are told apart by come before them, and of rows
    the first. What is left out here is in the table that ends the run.
    """

    def __init__(self, grid: Grid, headings: Sequence[str]) -> None:
        self._grid, self._headings = said_once(grid), headings

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(self._grid.title, style="bold", no_wrap=True, overflow="ellipsis")
        if self._grid.rows:
            yield from self._cut(console, options)

    def _cut(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As many rows as there is height for, at least one."""
        part = self._part(options.max_width, pen_of(console))
        n_rows, room = len(self._grid.rows), options.max_height - _TITLE
        shown = min(n_rows, room)
        while True:
            shown = max(shown, 1)
            drawn = table_of(replace(self._grid, rows=self._grid.rows[:shown]), part)
            lines = console.render_lines(drawn, options, pad=False)
            over = len(lines) - (room - _MORE * (shown < n_rows))
            if over <= 0 or shown == 1:
                break
            shown -= max(1, over * shown // len(lines))  # never too many: a row has a share of the heading here
        yield drawn
        if shown < n_rows:
            yield Text(f"and {n_rows - shown} more", style="dim")

    def _part(self, width: int, pen: Pen) -> Part:
        """The columns that fit beside each other, in the order of the table; some drawings come with theirs."""
        space, columns = Space(self._grid, width), self._grid.columns
        drawn = {number: one for number, one in drawings_of(self._grid, pen).items() if one.kind.is_worth_a_table}
        chosen = [number for number, column in enumerate(columns) if column.role == "key"]
        places = {column.heading: number for number, column in enumerate(columns) if column.role != "key"}
        for number in (places[heading] for heading in self._headings if heading in places):
            own = {number: drawn[number]} if number in drawn else {}
            fitting = (one for one in (own, {}) if space.drawing(one).left([*chosen, number]) >= 0)
            if (fits := next(fitting, None)) is not None:
                space = space.drawing(fits)
                chosen.append(number)
        return space.part(sorted(chosen))
