"""All rows as one table for answers and one for ops: every column that any row has, those shown that tell the most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from smjax.core.records.columns import COLUMN_NAMES, COLUMNS, FIELDS
from smjax.report.data.main_figure import is_of_op
from smjax.report.render.grid import GridColumn, Row, figure, is_shown, name_of
from smjax.report.render.html.page import Column, Table
from smjax.report.tables import run_table
from smjax.report.tables.as_shown import as_shown
from smjax.report.tables.row_notes import notes

_KNOWN = {column.name: column for column in (*FIELDS, *COLUMNS)}
_ENDS = {column.name for column in COLUMNS if column.over == "interval"}
"""Of intervals: they are in the cells of their figures."""
_NAMED_BY = ("label", "cpu", "model", "op", "shape", "cache", "engine", "kernel", "threads", "ctx")
"""What a row is called by, in front of its figures."""
_ALWAYS_NAMED_BY = ("cpu", "model", "op", "shape", "engine", "kernel", "threads", "ctx")
_NOT_AT_FIRST = (
    *("sustained_tok_per_s", "gb_per_s", "dram_gb_per_s", "tok_per_s_per_core", "energy_j_per_token"),
    *("provenance", "status"),
)
"""What is there to be chosen, as others say nearly the same; of a row that is not as expected its name says so."""
_ON_PAPER = (
    *("replicates", "flags", "decode_tok_per_s", "prefill_tok_per_s", "ttft_ms", "peak_rss_mb"),
    *("call_us", "loop_us", "gflop_per_s", "op_gb_per_s", "peak_share", "bandwidth_share"),
)
"""Beside what a row is called by: a sheet is narrow."""


def tables(rows: Sequence[Row]) -> list[Table]:
    """Those that there are rows for."""
    answers, ops = ([row for row in rows if is_of_op(row) is of_ops] for of_ops in (False, True))
    found = [(title, own) for title, own in (("Rows", answers), ("Operations", ops)) if own]
    return [_table(f"table{number or ''}", title, own) for number, (title, own) in enumerate(found)]


def _table(name: str, title: str, rows: Sequence[Row]) -> Table:
    shown = as_shown(rows)
    return Table(
        name,
        title,
        tuple(run_table.told_above(rows)),
        tuple(_chosen(list(_columns(shown)), shown)),
        [row["provenance"] or "" for row in rows],
        [row["status"] or "" for row in rows],
        tuple(notes(shown, ())),
    )


def _chosen(columns: Sequence[Column], rows: Sequence[Row]) -> Iterator[Column]:
    """What a row is called by, its figures, what is said of it, and then all else to choose from."""
    keys = set(_telling([column.name for column in columns if column.kind == "key" and column.is_shown], rows))
    for column in sorted(columns, key=lambda column: _place(column, keys)):
        is_needless = column.name in _NOT_AT_FIRST or (column.kind == "key" and column.name not in keys)
        is_seen = column.is_shown and not is_needless
        is_printed = is_seen and (column.name in keys or column.name in _ON_PAPER)
        yield replace(column, is_shown=is_seen, is_printed=is_printed)


def _place(column: Column, keys: set[str]) -> tuple[int, int]:
    if column.name in keys:
        return 0, _NAMED_BY.index(column.name) if column.name in _NAMED_BY else len(_NAMED_BY)
    return {"figure": 1 + (not column.is_shown), "remark": 1, "flags": 1}.get(column.kind, 2), 0


def _telling(names: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Of what sets rows apart only as much as it takes, in the order in which it is told."""
    found = [name for name in _ALWAYS_NAMED_BY if name in names]
    count = _kinds(rows, found)
    for name in dict.fromkeys((*(name for name in _NAMED_BY if name in names), *names)):
        if name not in found and (more := _kinds(rows, [*found, name])) > count:
            found.append(name)
            count = more
    return found


def _kinds(rows: Sequence[Row], names: Sequence[str]) -> int:
    return len({tuple(row.get(name) for name in names) for row in rows})


def _columns(rows: Sequence[Row]) -> Iterator[Column]:
    """First what tables of these rows have, then what else the summary has; nothing that no row says anything in."""
    told = set[str]()
    for name in run_table.names(rows):
        filled = [_filled(name, column, rows) for column in run_table.columns_of(name, rows)]
        for number, column in enumerate(one for one in filled if one is not None):
            told.add(name)
            yield replace(column, name=f"{name}_{number + 1}") if number else column
    for name in COLUMN_NAMES:
        if name not in (*told, *_ENDS) and (found := _filled(name, _plain(name), rows)) is not None:
            yield replace(found, is_shown=False)


def _filled(name: str, column: GridColumn, rows: Sequence[Row]) -> Column | None:
    cells = [column.cell(row) for row in rows]
    if not any(cell.text for cell in cells):
        return None
    known = _KNOWN[name]
    return Column(
        name,
        column.heading or name,
        known.unit,
        known.meaning,
        "flags" if name == "flags" else column.role,
        column.numeric,
        is_shown(column, cells),
        cells,
        _ends(name, rows),
    )


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
