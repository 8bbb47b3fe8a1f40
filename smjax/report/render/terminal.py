"""Draws a grid for a rich console of any width: what does not fit beside goes below, and no number is ever cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from smjax.report.render.grid import UNKNOWN, Grid, GridColumn, above

_WIDEST_TEXT = 24
"""Characters of a text column; longer texts are folded."""
_GAP = 2
"""Characters between two columns, and at the edges."""


class TerminalGrid:
    """A grid that rich can print."""

    def __init__(self, grid: Grid) -> None:
        self.grid = _said_once(grid)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(self.grid.title, style="bold")
        yield from (Text(line, style="dim") for line in above(self.grid))
        if self.grid.cells:
            for numbers in _parts(self.grid, options.max_width):
                yield _table(self.grid, numbers)
        yield from (Text(f"- {note}") for note in self.grid.notes)
        yield Text("")


def _said_once(grid: Grid) -> Grid:
    """To be narrow: keys and remarks that are alike in several rows go above the table."""
    texts = list(zip(*grid.cells, strict=True))
    moved = {
        number
        for number, column in enumerate(grid.columns)
        if column.role != "figure" and len(texts[number]) > 1 and len(set(texts[number])) == 1 and texts[number][0]
    }
    kept = [number for number in range(len(grid.columns)) if number not in moved]
    return replace(
        grid,
        alike=(*((grid.columns[number].heading, texts[number][0]) for number in sorted(moved)), *grid.alike),
        columns=tuple(grid.columns[number] for number in kept),
        cells=tuple(tuple(row[number] for number in kept) for row in grid.cells),
    )


def _parts(grid: Grid, width: int) -> Iterator[list[int]]:
    """Column numbers of the tables to be drawn one below the other, each with the keys."""
    widths = [_width(grid, number) + _GAP for number in range(len(grid.columns))]
    keys = [number for number, column in enumerate(grid.columns) if column.role == "key"]
    part = list(keys)
    for number in range(len(grid.columns)):
        if number in keys:
            continue
        if len(part) > len(keys) and sum(widths[other] for other in [*part, number]) + _GAP > width:
            yield sorted(part)
            part = list(keys)
        part.append(number)
    yield sorted(part)


def _width(grid: Grid, number: int) -> int:
    column = grid.columns[number]
    longest = max(len(row[number]) for row in grid.cells)
    heading = max(map(len, column.heading.split()))
    return max(heading, longest if column.numeric else min(longest, _WIDEST_TEXT))


def _table(grid: Grid, numbers: list[int]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for number in numbers:
        _add_column(table, grid.columns[number])
    for row in grid.cells:
        table.add_row(*(Text(row[number] or UNKNOWN) for number in numbers))
    return table


def _add_column(table: Table, column: GridColumn) -> None:
    heading = Text("\n".join(column.heading.split()))
    if column.numeric:
        table.add_column(heading, justify="right", no_wrap=True, vertical="bottom")
    else:
        table.add_column(heading, overflow="fold", max_width=_WIDEST_TEXT, vertical="bottom")
