"""All that is drawn from records alone: the tables of their rows, and what settings do within each sweep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.report.compare import after_sweep
from smjax.report.data.run_names import short_names
from smjax.report.render.grid import Grid
from smjax.report.tables import run_table
from smjax.report.tables.against import against


def grids(records: Sequence[Record], rows: pl.DataFrame) -> list[Grid]:
    """`rows` are those of `scenarios(records)`. Of several sweeps, titles say which one's ratios they are above."""
    return [*run_table.grids(rows), *_ratios(records)]


def with_baseline(own: Sequence[Grid], records: Sequence[Record], rows: pl.DataFrame, baseline: str) -> list[Grid]:
    """`own`, which begin with the tables of the rows, with ratios in these; RequestError for a wrong `baseline`."""
    tables = run_table.grids(rows, against(rows.to_dicts(), records, baseline))
    return [*tables, *own[len(tables) :]]


def _ratios(records: Sequence[Record]) -> list[Grid]:
    """Those within each sweep: between sweeps nothing was measured in turn."""
    sweeps = defaultdict[str, list[Record]](list)
    for record in records:
        sweeps[record.run].append(record)
    names = short_names(sweeps)
    return [
        replace(grid, title=f"{grid.title}, run {printable(names[run])}") if run and len(sweeps) > 1 else grid
        for run, own in sorted(sweeps.items())
        for grid in after_sweep.grids(own)
    ]
