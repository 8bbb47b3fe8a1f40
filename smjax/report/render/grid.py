"""A table of text cells, declared once by its columns, and how it is drawn up and written as Markdown."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

UNKNOWN = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"
Row = dict[str, Any]


@dataclass(frozen=True)
class GridColumn:
    """How one column is headed and written; `text` gives "" where a row has nothing to say."""

    heading: str
    text: Callable[[Row], str]
    show: Literal["always", "any", "varies"] = "always"
    """`any`: only if some row has text. `varies`: only if the rows differ, else it is said once above the table."""
    numeric: bool = False
    role: Literal["figure", "key", "remark"] = "figure"
    """`key`: tells which row it is. `remark`: said about the row. Both may be said once when they are alike."""


@dataclass(frozen=True)
class Grid:
    """A drawn-up table: the lines above it, its cells, and the notes below it."""

    title: str
    captions: tuple[str, ...]
    alike: tuple[tuple[str, str], ...]
    """Headings and texts that are the same in every row."""
    columns: tuple[GridColumn, ...]
    cells: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def name_of(key: str) -> Callable[[Row], str]:
    """A cell that shows the value as it is."""
    return lambda row: "" if row.get(key) is None else str(row[key])


def figure(key: str) -> Callable[[Row], str]:
    """A cell that shows a number with three significant digits."""
    return lambda row: significant(row.get(key))


def significant(value: float | None, digits: int = 3) -> str:
    """`value` with that many significant digits and no exponent; "" for None."""
    if value is None or not math.isfinite(value):
        return ""
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    return f"{rounded:.{max(0, digits - 1 - math.floor(math.log10(abs(rounded))))}f}"


def plural(count: int, one: str, many: str) -> str:
    """`count` and its noun: "1 process", "2 processes"."""
    return f"{count} {one if count == 1 else many}"


def draw(
    title: str, captions: Sequence[str], columns: Sequence[GridColumn], rows: Sequence[Row], notes: Sequence[str] = ()
) -> Grid:
    """Write every cell; what a column that `varies` says alike in every row goes above the table."""
    texts = [(column, tuple(column.text(row) for row in rows)) for column in columns]
    shown = [(column, cells) for column, cells in texts if _is_shown(column, cells)]
    alike = [(column.heading, _only(cells)) for column, cells in texts if column.show == "varies"]
    return Grid(
        title,
        tuple(captions),
        tuple((heading, text) for heading, text in alike if text),
        tuple(column for column, _ in shown),
        tuple(zip(*(cells for _, cells in shown), strict=True)),
        tuple(notes),
    )


def message(title: str, *lines: str, notes: Sequence[str] = ()) -> Grid:
    """A grid without cells: something to say where a table would stand."""
    return Grid(title, lines, (), (), (), tuple(notes))


def _is_shown(column: GridColumn, cells: Sequence[str]) -> bool:
    return {"always": True, "any": any(cells), "varies": len(set(filter(None, cells))) > 1}[column.show]


def _only(cells: Sequence[str]) -> str | None:
    """The one text of the cells that say something."""
    texts = set(filter(None, cells))
    return texts.pop() if len(texts) == 1 else None


def above(grid: Grid) -> list[str]:
    """The lines above the cells."""
    said_once = ", ".join(f"{heading} {text}" for heading, text in grid.alike)
    return [*grid.captions, *([f"Same in every row: {said_once}."] if said_once else [])]


def markdown(grid: Grid) -> str:
    """The grid as GitHub-flavoured Markdown, ending in a newline."""
    parts = [f"### {_escape(grid.title)}", *map(_escape, above(grid))]
    if grid.cells:
        marks = ["---:" if column.numeric else "---" for column in grid.columns]
        lines = [[column.heading for column in grid.columns], marks, *grid.cells]
        parts.append("\n".join("| " + " | ".join(_escape(cell) or UNKNOWN for cell in line) + " |" for line in lines))
    if grid.notes:
        parts.append("\n".join(f"- {_escape(note)}" for note in grid.notes))
    return "\n\n".join(parts) + "\n"


def _escape(text: str) -> str:
    """Text from a model's name or a worker's error must neither end a cell nor become markup."""
    return re.sub(r"([\\`*|<])", r"\\\1", " ".join(text.split()))
