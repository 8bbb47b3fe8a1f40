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

from smjax.report.render.grid import NOTHING, UNKNOWN, Cell, Grid, GridColumn, above, without_repeats
from smjax.report.render.picture import Picture, drawn

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
        self.grid = said_once(grid)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(self.grid.title, style="bold")
        yield from (Text(line, style="dim") for line in above(self.grid))
        if self.grid.rows:
            grid, parts = _parts(self.grid, options.max_width)
            yield from (table_of(grid, numbers, options.max_width) for numbers in parts)
        for picture in self.grid.pictures:
            yield from _picture(picture, options.max_width)
        if self.grid.notes:
            yield _notes(self.grid.notes)
        yield Text("")


def _picture(picture: Picture, width: int) -> Iterator[RenderableType]:
    yield Text(picture.caption)
    yield Text("\n".join([*drawn(picture, width), ""]), no_wrap=True)


def _notes(notes: Sequence[str]) -> RenderableType:
    """Each begins with a dash, under which its further lines do not stand."""
    table = Table.grid(padding=(0, 1, 0, 0))
    for note in notes:
        table.add_row("-", Text(note, overflow="fold"))
    return table


def said_once(grid: Grid) -> Grid:
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


def _parts(grid: Grid, width: int) -> tuple[Grid, list[list[int]]]:
    """The columns of the tables to be drawn one below the other, each with the keys.

    Where these would take over half of each, the grid is numbered, they come first, and the number stands for them.
    """
    keys = [number for number, column in enumerate(grid.columns) if column.role == "key"]
    if width_of(grid, range(len(grid.columns))) <= width or width_of(grid, keys) <= width // 2:
        return grid, _split(grid, keys, _groups(grid, keys), width)
    grid, keys = _numbered(grid), [number + 1 for number in keys]
    return grid, _split(grid, [0], [*([key] for key in keys), *_groups(grid, [0, *keys])], width)


def _split(grid: Grid, always: list[int], groups: list[list[int]], width: int) -> list[list[int]]:
    """Columns that fit beside each other, in each table after the ones that are always there."""
    parts = [list(always)]
    for group in groups:
        if len(parts[-1]) > len(always) and width_of(grid, [*parts[-1], *group]) > width:
            parts.append(list(always))
        parts[-1] += group
    return [sorted(part) for part in parts]


def _groups(grid: Grid, keys: list[int]) -> list[list[int]]:
    """The other columns, those together that say something of each other."""
    groups: list[list[int]] = []
    for number in range(len(grid.columns)):
        if number in keys:
            continue
        if grid.columns[number].follows and groups:
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups


def _numbered(grid: Grid) -> Grid:
    return replace(
        grid,
        columns=(GridColumn("#", lambda row: NOTHING, numeric=True, role="key"), *grid.columns),
        rows=tuple((Cell(number, str(number)), *row) for number, row in enumerate(grid.rows, 1)),
    )


def width_of(grid: Grid, numbers: Sequence[int]) -> int:
    """Of a table of these columns, if it is to have what it needs."""
    return sum(_column_width(grid, number) + _GAP for number in numbers) + _GAP


def _column_width(grid: Grid, number: int) -> int:
    column = grid.columns[number]
    longest = _longest(grid, number)
    heading = max(map(cell_len, column.heading.split()))
    return max(heading, longest if column.numeric else min(longest, _WIDEST_TEXT))


def _longest(grid: Grid, number: int) -> int:
    return max(cell_len(row[number].text) for row in grid.rows)


def table_of(grid: Grid, numbers: list[int], width: int) -> RenderableType:
    """With a line between rows where a cell is folded: else its second line reads as the next row's."""
    texts = [number for number in numbers if not grid.columns[number].numeric]
    is_folded = width_of(grid, numbers) > width or any(_longest(grid, number) > _WIDEST_TEXT for number in texts)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, leading=int(is_folded))
    height = max(len(grid.columns[number].heading.split()) for number in numbers)
    for number in numbers:
        _add_column(table, grid.columns[number], height)
    for row in grid.rows:
        table.add_row(*(Text(row[number].text or UNKNOWN) for number in numbers))
    return table


def _add_column(table: Table, column: GridColumn, height: int) -> None:
    """Headings end, and cells begin, on one line."""
    words = column.heading.split()
    heading = Text("\n" * (height - len(words)) + "\n".join(words))
    if column.numeric:
        table.add_column(heading, justify="right", no_wrap=True)
    else:
        table.add_column(heading, overflow="fold", max_width=_WIDEST_TEXT)
