"""How a grid fits a width: what does not fit beside goes below, no number is cut, drawings take what room is left."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rich.cells import cell_len

from smjax.report.render.grid import NOTHING, Cell, Grid, GridColumn
from smjax.report.render.pen import Pen
from smjax.report.render.strip import Drawings, Strip

_WIDE_TEXT = 24
"""Characters that a text column gets, and more only where nothing else wants the room."""
_GAP = 2
"""Characters between two columns, and half of them at either edge."""
_SHORT = 24
"""Rows of a table that may be made longer for the sake of drawings."""


@dataclass(frozen=True)
class Part:
    """One of the tables, below each other, that a grid is shown as."""

    columns: Sequence[int]
    """Their numbers in the grid."""
    strips: Mapping[int, Strip]
    """What is drawn, by the number of the column that it stands right of."""
    widest_text: int
    """Characters of a text column; longer texts are folded."""
    is_folded: bool
    """Whether some cell has more than one line of text."""


def laid_out(grid: Grid, width: int, pen: Pen) -> tuple[Grid, list[Part]]:
    """The grid as it is shown, and its tables."""
    grid = said_once(grid)
    if not grid.rows:
        return grid, []
    grid, always, groups = _grouped(grid, width)
    space = Space(grid, width)
    tables, left = space.tables(always, groups), list[Drawings]()
    for number, drawings in drawings_of(grid, pen).items():
        more = space.drawing({number: drawings})
        tried = more.tables(always, groups)
        if len(tried) == len(tables) and all(more.left(one) >= 0 for one in tried if number in one):
            space, tables = more, tried
        else:
            left.append(drawings)
    return grid, [own.part(one) for own, one in _with_those_left(space, tables, always, left)]


def _with_those_left(
    space: Space, tables: Sequence[list[int]], always: list[int], left: Sequence[Drawings]
) -> list[tuple[Space, list[int]]]:
    """Drawings that would take a further table if they stood beside their figures: at the end of the last table.

    Where that has no room either, some are worth a table of their own with the keys, if it is a short one.
    """
    found, is_short = [(space, one) for one in tables], len(space.grid.rows) <= _SHORT
    for drawings in left:
        last, table = found[-1]
        beside = last.drawing({table[-1]: drawings})
        alone = Space(space.grid, space.width, dict.fromkeys(always[-1:], drawings))
        if table[-1] not in last.drawn and beside.left(table) >= 0:
            found[-1] = beside, table
        elif drawings.kind.is_worth_a_table and is_short and alone.drawn and alone.left(always) >= 0:
            found.append((alone, always))
    return found


@dataclass(frozen=True)
class Space:
    """The width that there is for columns of a grid, and for what is drawn of some of them."""

    grid: Grid
    width: int
    drawn: Mapping[int, Drawings] = field(default_factory=dict)

    def tables(self, always: Sequence[int], groups: Sequence[Sequence[int]]) -> list[list[int]]:
        """Columns that fit beside each other, in each table after the ones that are always there."""
        found = [list(always)]
        for group in groups:
            if len(found[-1]) > len(always) and self.left([*found[-1], *group]) < 0:
                found.append(list(always))
            found[-1] += group
        return [sorted(one) for one in found]

    def drawing(self, more: Mapping[int, Drawings]) -> Space:
        """The same with more drawings."""
        return replace(self, drawn={**self.drawn, **more})

    def left(self, numbers: Sequence[int]) -> int:
        """What a table of these columns leaves of the width, its drawings being as narrow as can be."""
        rooms = sum(self.drawn[number].least + _GAP for number in numbers if number in self.drawn)
        return self.width - _width(self.grid, numbers) - rooms

    def part(self, numbers: Sequence[int]) -> Part:
        """The table. What is left of the width is for texts that would be folded, then for its drawings."""
        longest = [_longest(self.grid, number) for number in numbers if not self.grid.columns[number].numeric]
        widest, left = _unfolded(longest, self.left(numbers))
        is_folded = _width(self.grid, numbers) > self.width or any(length > widest for length in longest)
        strips = dict[int, Strip]()
        for number in numbers:
            if number in self.drawn:
                least = self.drawn[number].least
                strips[number] = self.drawn[number].within(least + left)
                left -= strips[number].width - least
        return Part(numbers, strips, widest, is_folded)


def _unfolded(longest: Sequence[int], left: int) -> tuple[int, int]:
    """The most characters of a text with which columns take no more than is left; and what is left then."""
    for widest in range(max([_WIDE_TEXT, *longest]), _WIDE_TEXT, -1):
        taken = sum(max(0, min(length, widest) - _WIDE_TEXT) for length in longest)
        if taken <= left:
            return widest, left - taken
    return _WIDE_TEXT, left


def drawings_of(grid: Grid, pen: Pen) -> dict[int, Drawings]:
    """Of the columns that have any."""
    columns = ([cell.drawn for cell in cells] for cells in zip(*grid.rows, strict=True))
    return {number: Drawings(column, pen) for number, column in enumerate(columns) if any(column)}


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


def _grouped(grid: Grid, width: int) -> tuple[Grid, list[int], list[list[int]]]:
    """The columns of every table, which are the keys, and in their order those that stand beside each other in one.

    Where the keys would take over half of each table, or leave a column too little, the grid is numbered, they come
    first, and the number stands for them. What has no room beside each other does not stand so.
    """
    every = range(len(grid.columns))
    keys = [number for number in every if grid.columns[number].role == "key"]
    leave_room = all(_width(grid, [*keys, number]) <= width for number in every if number not in keys)
    if _width(grid, every) <= width or (leave_room and _width(grid, keys) <= width // 2):
        always, groups = keys, _groups(grid, keys)
    else:
        grid, always, keys = _numbered(grid), [0], [number + 1 for number in keys]
        groups = [*([key] for key in keys), *_groups(grid, [0, *keys])]
    fitting = ([group] if _width(grid, [*always, *group]) <= width else [[one] for one in group] for group in groups)
    return grid, always, list(itertools.chain(*fitting))


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


def _width(grid: Grid, numbers: Sequence[int]) -> int:
    """Of a table of these columns, if it is to have what it needs."""
    return sum(_column_width(grid, number) + _GAP for number in numbers)


def _column_width(grid: Grid, number: int) -> int:
    column = grid.columns[number]
    longest = _longest(grid, number)
    heading = max(map(cell_len, column.heading.split()))
    return max(heading, longest if column.numeric else min(longest, _WIDE_TEXT))


def _longest(grid: Grid, number: int) -> int:
    return max(cell_len(row[number].text) for row in grid.rows)
