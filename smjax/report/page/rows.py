"""All rows as one table for answers and one for ops: every column that any row has, those of the tables shown first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from smjax.core.records.columns import COLUMN_NAMES, COLUMNS, FIELDS
from smjax.report.data.main_figure import is_of_op
from smjax.report.render.grid import GridColumn, Row, figure, is_shown, name_of
from smjax.report.render.html.page import Column, Table
from smjax.report.tables import run_table
from smjax.report.tables.as_shown import as_shown
from smjax.report.tables.row_notes import notes

Kind = Literal["key", "figure", "flags", "remark"]

_KNOWN = {column.name: column for column in (*FIELDS, *COLUMNS)}
_ENDS = {column.name for column in COLUMNS if column.over == "interval"}
"""Of intervals: they are in the cells of their figures."""


def tables(rows: Sequence[Row]) -> list[Table]:
    """Those that there are rows for."""
    answers, ops = ([row for row in rows if is_of_op(row) is of_ops] for of_ops in (False, True))
    both = [("Rows", answers), ("Operations", ops)]
    found = [(title, own) for title, own in both if own]
    return [_table(f"table{number or ''}", title, own) for number, (title, own) in enumerate(found)]


def _table(name: str, title: str, rows: Sequence[Row]) -> Table:
    shown = as_shown(rows)
    return Table(
        name,
        title,
        tuple(run_table.told_above(rows)),
        tuple(_columns(shown)),
        [row["provenance"] or "" for row in rows],
        [row["status"] or "" for row in rows],
        tuple(notes(shown, ())),
    )


def _columns(rows: Sequence[Row]) -> Iterator[Column]:
    """First what tables of these rows have, then what else the summary has."""
    of_tables = run_table.names(rows)
    for name in of_tables:
        for place, column in enumerate(run_table.columns_of(name, rows)):
            yield from _column(name, place, column, rows, may_be_shown=True)
    for name in COLUMN_NAMES:
        if name not in (*of_tables, *_ENDS):
            yield from _column(name, 0, _plain(name), rows, may_be_shown=False)


def _column(name: str, place: int, column: GridColumn, rows: Sequence[Row], may_be_shown: bool) -> Iterator[Column]:
    """Nothing where no row has anything to say in it."""
    cells = [column.cell(row) for row in rows]
    if not any(cell.text for cell in cells):
        return
    known = _KNOWN[name]
    yield Column(
        name if place == 0 else f"{name}_{place}",
        column.heading or name,
        known.unit,
        known.meaning,
        _kind(name, column),
        column.numeric,
        may_be_shown and is_shown(column, cells),
        cells,
        _ends(name, rows),
    )


def _kind(name: str, column: GridColumn) -> Kind:
    return "flags" if name == "flags" else column.role


def _ends(name: str, rows: Sequence[Row]) -> tuple[list[float | None], list[float | None]] | None:
    if f"{name}_lo" not in _ENDS:
        return None
    return [row[f"{name}_lo"] for row in rows], [row[f"{name}_hi"] for row in rows]


def _plain(name: str) -> GridColumn:
    """As the summary has it."""
    known = _KNOWN[name]
    cell = figure(name) if known.kind == "float" else name_of(name)
    role: Literal["figure", "key"] = "key" if known.is_key or known.kind == "text" else "figure"
    return GridColumn(name, cell, "any", numeric=known.kind != "text", role=role)
