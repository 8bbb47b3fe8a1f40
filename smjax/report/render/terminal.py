"""Grids for a rich console of any width, with colours and drawings where it takes them: the texts say all without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from smjax.report.render.grid import UNKNOWN, Cell, Grid, GridColumn, above, without_repeats
from smjax.report.render.layout import Part, laid_out
from smjax.report.render.pen import pen_of
from smjax.report.render.picture import Picture, drawn
from smjax.report.render.strip import Strip

_STYLES = {"": "", "good": "green", "bad": "bold red", "doubtful": "yellow"}
"""Of tones."""


def show(grids: Sequence[Grid], stream: TextIO) -> None:
    """Draw them one below the other."""
    console = Console(file=stream)
    for grid in without_repeats(grids):
        console.print(TerminalGrid(grid))


class TerminalGrid:
    """A grid that rich can print."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        grid, parts = laid_out(self.grid, options.max_width, pen_of(console))
        yield Text(grid.title, style="bold")
        yield from (Text(line, style="dim") for line in (*above(grid), *_how_to_read(parts)))
        yield from (table_of(grid, part) for part in parts)
        for picture in grid.pictures:
            yield from _picture(picture, options.max_width)
        if grid.notes:
            yield _notes(grid.notes)
        yield Text("")


def _how_to_read(parts: Sequence[Part]) -> dict[str, None]:
    """What is to be known of drawings, each thing once."""
    return dict.fromkeys(strip.caption for part in parts for strip in part.strips.values() if strip.caption)


def _picture(picture: Picture, width: int) -> Iterator[RenderableType]:
    yield Text(picture.caption)
    yield Text("\n".join([*drawn(picture, width), ""]), no_wrap=True)


def _notes(notes: Sequence[str]) -> RenderableType:
    """Each begins with a dash, under which its further lines do not stand."""
    table = Table.grid(padding=(0, 1, 0, 0))
    for note in notes:
        table.add_row("-", Text(note, overflow="fold"))
    return table


def table_of(grid: Grid, part: Part) -> RenderableType:
    """With a line between rows where a cell is folded: else its second line reads as the next row's."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, leading=int(part.is_folded))
    columns = [grid.columns[number] for number in part.columns]
    headings = [column.heading.split() for column in columns]
    height = max(map(len, (*headings, *(strip.heading for strip in part.strips.values()))))
    for number, column in zip(part.columns, columns, strict=True):
        _add_column(table, column, height, part.widest_text)
        if strip := part.strips.get(number):
            table.add_column(_heading(strip.heading, height), no_wrap=True)
    for place, row in enumerate(grid.rows):
        table.add_row(
            *(text for number in part.columns for text in _texts(row[number], part.strips.get(number), place))
        )
    return table


def _texts(cell: Cell, strip: Strip | None, place: int) -> Iterator[Text]:
    """A cell, and what is drawn beside it."""
    yield Text(cell.text or UNKNOWN, style=_STYLES[cell.tone])
    if strip:
        yield Text("\n".join(strip.cells[place]))


def _add_column(table: Table, column: GridColumn, height: int, widest_text: int) -> None:
    heading = _heading(column.heading.split(), height)
    if column.numeric:
        table.add_column(heading, justify="right", no_wrap=True)
    else:
        table.add_column(heading, overflow="fold", max_width=widest_text)


def _heading(lines: Sequence[str], height: int) -> Text:
    """Headings end, and cells begin, on one line."""
    return Text("\n" * (height - len(lines)) + "\n".join(lines))
