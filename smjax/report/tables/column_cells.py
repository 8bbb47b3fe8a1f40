"""How the summary's columns look in tables: headings and roles from `core/records/columns.py`, and each one's cell."""

from __future__ import annotations

from collections.abc import Callable

from smjax.core.numbers import plus_minus, significant
from smjax.core.records.column import Column
from smjax.core.records.columns import COLUMN_NAMES, COLUMNS, FIELDS
from smjax.report.render.grid import NOTHING, Cell, GridColumn, Row, figure, name_of
from smjax.stats.intervals import half_width


def _with_interval(key: str) -> Callable[[Row], Cell]:
    """A figure and how far its interval reaches to either side."""

    def cell(row: Row) -> Cell:
        lo, hi = row[f"{key}_lo"], row[f"{key}_hi"]
        reach = "" if lo is None else f" {plus_minus(half_width((lo, hi)))}"
        return Cell(row[key], significant(row[key]) + reach)

    return cell


def _itl(row: Row) -> Cell:
    ends = [significant(row[name]) for name in ("itl_ms_p50", "itl_ms_p99")]
    return Cell(row["itl_ms_p50"], "/".join(ends) if all(ends) else "")


def _stand_behind(row: Row) -> Cell:
    """What stands behind the figures: processes, and the samples of all, as each may have another number of them."""
    return Cell(row["replicates"], f"{row['replicates']}/{row['samples']}" if row["replicates"] else "0")


def _chosen(key: str) -> Callable[[Row], Cell]:
    """What a worker chose; a row whose workers never got there has nothing to say."""
    return lambda row: NOTHING if row[key] == "auto" else name_of(key)(row)


def _fewer_cores(row: Row) -> Cell:
    """The cores, where threads had to share them."""
    return Cell(row["cores"], str(row["cores"])) if (row["cores"] or row["threads"]) < row["threads"] else NOTHING


def _identity(row: Row) -> Cell:
    return Cell(row["identity"], (row["identity"] or "")[:8])


def _parts(key: str) -> Callable[[Row], Cell]:
    """Several texts, such as flags."""

    def cell(row: Row) -> Cell:
        texts = tuple(filter(None, (row[key] or "").split(";")))
        return Cell(texts, ", ".join(texts))

    return cell


_CELLS: dict[str, Callable[[Row], Cell]] = {
    "isa": _chosen("isa"),
    "kv_dtype": _chosen("kv_dtype"),
    "itl_ms_p50": _itl,
    "cores": _fewer_cores,
    "replicates": _stand_behind,
    "identity": _identity,
}
"""Where a cell says something else than the column's value."""


def _grid_column(column: Column) -> GridColumn:
    is_key, is_remark = column.is_key or column.over == "first", column.name in ("provenance", "flags", "status")
    if column.over == "union":
        cell = _parts(column.name)
    elif f"{column.name}_lo" in COLUMN_NAMES:
        cell = _with_interval(column.name)
    else:
        cell = name_of(column.name) if is_key or column.kind == "text" else figure(column.name)
    return GridColumn(
        column.heading,
        _CELLS.get(column.name, cell),
        column.shown,
        numeric=column.kind != "text",
        role="remark" if is_remark else "key" if is_key else "figure",
        parts=column.over == "union",
    )


IN_TABLES = {column.name: _grid_column(column) for column in (*FIELDS, *COLUMNS) if column.heading}
"""Every column that has a heading, by its name."""
