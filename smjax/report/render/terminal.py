"""Grids for a rich console of any width: what does not fit beside goes below, and no number is ever cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from smjax.report.render.grid import UNKNOWN, Grid, GridColumn, above, without_repeats

_WIDEST_TEXT = 24
"""Characters of a text column; longer texts are folded."""
_GAP = 2
"""Characters between two columns, and at the edges."""


def show(grids: Sequence[Grid], stream: TextIO) -> None:
    """Draw them one below the other."""
    console = Console(file=stream)
    for grid in without_repeats(grids):
        console.print(TerminalGrid(grid))


class TerminalGrid:
    """A grid that rich can print."""

    def __init__(self, grid: Grid) -> None:
        self.grid = _said_once(grid)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(self.grid.title, style="bold")
        yield from (Text(line, style="dim") for line in above(self.grid))
        if self.grid.rows:
            for numbers in _parts(self.grid, options.max_width):
                yield _table(self.grid, numbers, options.max_width)
        yield from (Text(f"- {note}") for note in self.grid.notes)
        yield Text("")


def _said_once(grid: Grid) -> Grid:
    """To be narrow: keys and remarks that are alike in several rows go above the table."""
    cells = list(zip(*grid.rows, strict=True))
    moved = [
        number
        for number, column in enumerate(grid.columns)
        if column.role != "figure" and len(grid.rows) > 1 and len({cell.text for cell in cells[number]}) == 1
    ]
    said = [number for number in moved if cells[number][0].text]
    kept = [number for number in range(len(grid.columns)) if number not in said]
    return replace(
        grid,
        alike=(*((grid.columns[number].heading, cells[number][0]) for number in said), *grid.alike),
        columns=tuple(grid.columns[number] for number in kept),
        rows=tuple(tuple(row[number] for number in kept) for row in grid.rows),
    )


def _parts(grid: Grid, width: int) -> Iterator[list[int]]:
    """Column numbers of the tables to be drawn one below the other, each with the keys."""
    keys = [number for number, column in enumerate(grid.columns) if column.role == "key"]
    part = list(keys)
    for number in range(len(grid.columns)):
        if number in keys:
            continue
        if len(part) > len(keys) and _width(grid, [*part, number]) > width:
            yield sorted(part)
            part = list(keys)
        part.append(number)
    yield sorted(part)


def _width(grid: Grid, numbers: Sequence[int]) -> int:
    """Of a table of these columns, if it is to have what it needs."""
    return sum(_column_width(grid, number) + _GAP for number in numbers) + _GAP


def _column_width(grid: Grid, number: int) -> int:
    column = grid.columns[number]
    longest = _longest(grid, number)
    heading = max(map(cell_len, column.heading.split()))
    return max(heading, longest if column.numeric else min(longest, _WIDEST_TEXT))


def _longest(grid: Grid, number: int) -> int:
    return max(cell_len(row[number].text) for row in grid.rows)


def _table(grid: Grid, numbers: list[int], width: int) -> RenderableType:
    """With a line between rows where a cell is folded: else its second line reads as the next row's."""
    texts = [number for number in numbers if not grid.columns[number].numeric]
    is_folded = _width(grid, numbers) > width or any(_longest(grid, number) > _WIDEST_TEXT for number in texts)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, leading=int(is_folded))
    for number in numbers:
        _add_column(table, grid.columns[number])
    for row in grid.rows:
        table.add_row(*(Text(row[number].text or UNKNOWN) for number in numbers))
    return table


def _add_column(table: Table, column: GridColumn) -> None:
    heading = Text("\n".join(column.heading.split()))
    if column.numeric:
        table.add_column(heading, justify="right", no_wrap=True, vertical="bottom")
    else:
        table.add_column(heading, overflow="fold", max_width=_WIDEST_TEXT, vertical="bottom")
