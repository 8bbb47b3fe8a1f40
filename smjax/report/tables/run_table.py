"""The tables of a run: one per architecture for answers and one for ops, as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from smjax.core.records.alike import ROW
from smjax.core.records.op_columns import OP_COLUMNS
from smjax.report.data.main_figure import is_of_op
from smjax.report.render.grid import Grid, GridColumn, Row, draw
from smjax.report.tables import engines, op_table, roofline
from smjax.report.tables.against import Against
from smjax.report.tables.as_shown import as_shown
from smjax.report.tables.captions import RUNS, are_pooled, captions, is_dram_said_once
from smjax.report.tables.column_cells import IN_TABLES, OF_BANDWIDTH, processes_behind
from smjax.report.tables.in_order import FIGURES, with_processes
from smjax.report.tables.memory_curves import curves
from smjax.report.tables.order_plot import pictures, worth_a_picture
from smjax.report.tables.row_notes import notes

_SCENARIO = (
    *("model", "engine", "kernel", "isa", "kv_dtype"),
    *("threads", "ctx", "n_prompt", "n_gen", "tokens_per_dispatch"),
)
_FIRST = (
    *("cpu", "os", "host", "machine", "run", "label", *_SCENARIO),
    *(
        "decode_tok_per_s",
        "agreement",
        "sustained_tok_per_s",
        "prefill_tok_per_s",
        "ttft_ms",
        "itl_ms_p50",
        "peak_rss_mb",
    ),
    *("gb_per_s", "roofline", "dram_gb_per_s"),
    *("energy_j_per_token", "tok_per_s_per_core", "scaling_efficiency", "replicates"),
)
_LAST = (
    *("jaxlib", "smjax", "engine_version", "python", "packages", "interpreter", "identity"),
    *("provenance", "flags", "status"),
)
"""What the table begins and ends with; every other column that has a heading stands between them."""
_SAID_ELSEWHERE = ("bandwidth_level", *(column.name for column in OP_COLUMNS))

_OTHERS = (name for name in IN_TABLES if name not in (*_FIRST, *_LAST, *_SAID_ELSEWHERE))
_ALL = (*_FIRST, *_OTHERS, *_LAST)


def grids(scenarios: pl.DataFrame, against: Against | None = None) -> list[Grid]:
    """The grids from the rows of `scenarios`; machines of one architecture share one.

    `against`: the baseline that ratios are taken to.
    """
    parts = [part.to_dicts() for part in scenarios.partition_by("arch", maintain_order=True)]
    found = list[Grid]()
    for rows in parts:
        answers, ops = ([row for row in rows if is_of_op(row) is of_ops] for of_ops in (False, True))
        found += [_grid(answers, against)] if answers else []
        found += [_grid(ops, against), *roofline.grids(_title(ops), as_shown(ops))] if ops else []
    return found


def _title(rows: list[Row]) -> str:
    arch = rows[0]["arch"] or "unknown architecture"
    cpus = {row["cpu"] for row in rows if row["cpu"]}
    return f"{arch} · {cpus.pop()}" if len(cpus) == 1 else arch


def _grid(rows: list[Row], against: Against | None) -> Grid:
    above = [*told_above(rows), *(against.captions(rows) if against else [])]
    rows = as_shown(rows)
    drawn, left = worth_a_picture(rows)
    below = [*left, *(against.notes(rows) if against else []), *notes(rows, drawn)]
    return draw(_title(rows), above, _columns(rows, against), rows, below, [*curves(rows), *pictures(drawn, rows)])


def told_above(rows: Sequence[Row]) -> list[str]:
    """What a figure is, what stands behind it, and what is the same for all of these rows."""
    told = op_table.captions if is_of_op(rows[0]) else captions
    return [*told(rows), *engines.caption(rows)]


def _columns(rows: list[Row], against: Against | None) -> list[GridColumn]:
    ratios = against.columns if against else lambda name, rows: ()
    return [column for name in names(rows) for column in (*columns_of(name, rows), *ratios(name, rows))]


def names(rows: Sequence[Row]) -> list[str]:
    """Columns that a table of these rows has, as far as there is anything to be said in them."""
    is_hidden = {
        "interpreter": _are_told_apart(rows, without=("interpreter", "identity")),
        "identity": _are_told_apart(rows, without=("identity",)),
        "cpu": len({row["cpu"] for row in rows if row["cpu"]}) == 1,  # it is in the title
        "machine": len({row["machine"] for row in rows}) == 1,
        "run": len({row["run"] for row in rows}) == 1 or (are_pooled(rows) and all(row["machine"] for row in rows)),
        "agreement": all(row["agreement"] in (None, 1) for row in rows),  # then a caption says it
        "dram_gb_per_s": is_dram_said_once(rows),
    }
    return [name for name in (op_table.COLUMNS if is_of_op(rows[0]) else _ALL) if not is_hidden.get(name)]


def _are_told_apart(rows: Sequence[Row], without: tuple[str, ...]) -> bool:
    """Whether what rows are told apart by needs none of these, which say little to a reader."""
    told = [key for key in (*ROW, "engine_version") if key not in without]
    return len({tuple(row[key] for key in told) for row in rows}) == len(rows)


def columns_of(name: str, rows: Sequence[Row]) -> tuple[GridColumn, ...]:
    """How such a table shows a column of the summary, or a field that it has a heading for."""
    if name == "roofline":
        return OF_BANDWIDTH
    if name == "replicates" and are_pooled(rows):
        return (replace(IN_TABLES[name], heading=RUNS, cell=processes_behind),)
    column = op_table.column(name) if is_of_op(rows[0]) else IN_TABLES[name]
    return (with_processes(name, column) if name in FIGURES and not are_pooled(rows) else column,)
