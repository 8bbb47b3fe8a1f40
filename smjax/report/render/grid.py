"""A table as values with their texts, declared once by its columns; how it looks is each renderer's affair."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from smjax.core.numbers import listed, significant
from smjax.core.text import printable
from smjax.report.render.picture import Picture
from smjax.report.render.strip import Drawn

UNKNOWN = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"
Row = dict[str, Any]
Tone = Literal["", "good", "bad", "doubtful"]


@dataclass(frozen=True)
class Cell:
    """What a row says in a column: the value, for programs and for sorting, and the text that a person reads."""

    value: Any
    """None where it is unknown; a tuple of texts in a column of `parts`."""
    text: str
    """"" where there is nothing to say."""
    tone: Tone = ""
    """What a terminal may colour it for, beside the text that says so."""
    drawn: Drawn | None = None
    """What a terminal may draw beside it."""


NOTHING = Cell(None, "")


@dataclass(frozen=True)
class GridColumn:
    """How one column is headed and filled."""

    heading: str
    cell: Callable[[Row], Cell]
    show: Literal["always", "any", "varies"] = "always"
    """`any`: only if some row has text. `varies`: only if the rows differ, else it is said once above the table."""
    numeric: bool = False
    role: Literal["figure", "key", "remark"] = "figure"
    """`key`: tells which row it is. `remark`: said about the row. Both may be said once when they are alike."""
    follows: bool = False
    """It says something of the column before it, and stands beside that."""
    parts: bool = False
    """Each value is a tuple of texts, of which those of every row are said once above the table."""


@dataclass(frozen=True)
class Grid:
    """A drawn-up table: the lines above it, its cells, and the pictures and notes below it."""

    title: str
    captions: tuple[str, ...]
    alike: tuple[tuple[str, Cell], ...]
    """Headings and cells that are the same in every row."""
    columns: tuple[GridColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    """Below the cells, above the notes."""
    alike_where_known: tuple[tuple[str, Cell], ...] = ()
    """What is the same in every row that has it at all: not all of them have."""


def name_of(key: str) -> Callable[[Row], Cell]:
    """A cell that shows the value as it is."""
    return lambda row: NOTHING if row.get(key) is None else Cell(row[key], str(row[key]))


def figure(key: str) -> Callable[[Row], Cell]:
    """A cell that shows a number with three significant digits."""
    return lambda row: Cell(row.get(key), significant(row.get(key)))


def draw(
    title: str,
    captions: Sequence[str],
    columns: Sequence[GridColumn],
    rows: Sequence[Row],
    notes: Sequence[str] = (),
    pictures: Sequence[Picture] = (),
) -> Grid:
    """Fill every cell; what is alike in every row, of a column that `varies` or is of `parts`, goes above the table."""
    alike, alike_where_known = list[tuple[str, Cell]](), list[tuple[str, Cell]]()
    shown = []
    for column in columns:
        filled = [column.cell(row) for row in rows]
        once, cells = _split(column, filled)
        if once:
            (alike if all(cell.text for cell in filled) else alike_where_known).append((column.heading, once))
        shown += [(column, cells)] if is_shown(column, cells) else []
    return Grid(
        printable(title, limit=None),
        _lines(captions),
        tuple(alike),
        tuple(column for column, _ in shown),
        tuple(zip(*(cells for _, cells in shown), strict=True)),
        _lines(notes),
        tuple(replace(picture, caption=_line(picture.caption)) for picture in pictures),
        tuple(alike_where_known),
    )


def message(title: str, *lines: str, notes: Sequence[str] = ()) -> Grid:
    """A grid without cells: something to say where a table would stand."""
    return Grid(printable(title, limit=None), _lines(lines), (), (), (), _lines(notes))


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    """Each of them on one line, whatever is quoted in it."""
    return tuple(map(_line, texts))


def _line(text: str) -> str:
    return printable(" ".join(text.split()), limit=None)


def above(grid: Grid) -> list[str]:
    """The lines above the cells."""
    said_once = {"Same in every row": grid.alike, "Same in every row that has it": grid.alike_where_known}
    lines = {how: ", ".join(f"{heading} {cell.text}" for heading, cell in said) for how, said in said_once.items()}
    return [*grid.captions, *(f"{how}: {line}." for how, line in lines.items() if line)]


def without_repeats(grids: Sequence[Grid]) -> list[Grid]:
    """The same grids one after the other, without the notes that an earlier one has."""
    said: set[str] = set()
    kept = []
    for grid in grids:
        kept.append(replace(grid, notes=tuple(note for note in grid.notes if note not in said)))
        said |= set(grid.notes)
    return kept


def _split(column: GridColumn, cells: list[Cell]) -> tuple[Cell | None, list[Cell]]:
    """What a column says once, and what is left for each row."""
    if column.parts and len(cells) > 1:
        common = [part for part in cells[0].value or () if all(part in (cell.value or ()) for cell in cells)]
        left = [tuple(part for part in cell.value or () if part not in common) for cell in cells]
        once = Cell(tuple(common), listed(common)) if common else None
        return once, [Cell(parts, ", ".join(parts)) for parts in left]
    texts = {cell.text: cell for cell in cells if cell.text}
    return (next(iter(texts.values())) if column.show == "varies" and len(texts) == 1 else None), cells


def is_shown(column: GridColumn, cells: Sequence[Cell]) -> bool:
    """Whether a table has the column, filled like this."""
    texts = {cell.text for cell in cells if cell.text}
    return {"always": True, "any": bool(texts), "varies": len(texts) > 1}[column.show]
