"""The table of a run under way: the one that it will end with, cut to the size of a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.core.records.per_point import per_point
from smjax.core.records.record import Record
from smjax.report.data.main_figure import CALL, DECODE, LOOP
from smjax.report.data.rows import scenarios
from smjax.report.render.fitted import Fitted
from smjax.report.tables import run_table
from smjax.report.tables.column_cells import IN_TABLES

_TELLING = (
    DECODE,
    CALL,
    LOOP,
    "ttft_ms",
    "replicates",
    "status",
    "prefill_tok_per_s",
    "peak_rss_mb",
    "sustained_tok_per_s",
)
"""Columns that come before all others where there is no room for all of them."""


def so_far(records: Sequence[Record]) -> Fitted:
    """Of one sweep's records, of which there are some."""
    rows = scenarios([one for record in records for one in per_point(record)])
    grid = run_table.grids(rows)[0]
    headings = (*(IN_TABLES[name].heading for name in _TELLING), *(column.heading for column in grid.columns))
    return Fitted(grid, list(dict.fromkeys(headings)))
