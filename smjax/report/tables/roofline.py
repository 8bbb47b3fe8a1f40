"""The roofline: of each op how much arithmetic a byte brings, what that lets a machine do at best, and what it did.

References:
    Williams, Waterman, Patterson, Roofline: an insightful visual performance model, CACM 52(4), 2009.
"""

from __future__ import annotations

from collections.abc import Sequence

from smjax.core.numbers import significant
from smjax.report.render.grid import NOTHING, Cell, Grid, GridColumn, Row, draw, figure
from smjax.report.render.share import Share
from smjax.report.tables import op_table

_LEAST = 2
"""Rows that are worth a table of their own."""
_ALWAYS = ("op", "shape")
_CAPTION = (
    "attainable: the lesser of the peak and of FLOP/byte * bandwidth of a working set of the op's bytes; of an op "
    "without arithmetic that bandwidth. bound by: the peak, or the level that these bytes fit in."
)


def grids(title: str, rows: Sequence[Row]) -> list[Grid]:
    """A table of the rows that have figures, if of a few it is known."""
    if sum(_share(row) is not None for row in rows) < _LEAST:
        return []
    timed = [row for row in rows if row["op_gb_per_s"] is not None or row["gflop_per_s"] is not None]
    return [draw(f"Roofline · {title}", [_CAPTION], [*_keys(timed), *_COLUMNS], timed)]


def _keys(rows: Sequence[Row]) -> list[GridColumn]:
    """What is alike in all rows is said above the table of their times."""
    columns = {name: op_table.column(name) for name in op_table.KEYS}
    differing = [name for name, one in columns.items() if len({one.cell(row).text for row in rows}) > 1]
    return [columns[name] for name in columns if name in (*_ALWAYS, *differing)]


def _share(row: Row) -> float | None:
    """Of what is attainable."""
    if row["op_flops"] is None:
        share: float | None = row["bandwidth_share"]
        return share
    attainable, attained = row["attainable_gflop_per_s"], row["gflop_per_s"]
    return attained / attainable if attainable and attained is not None else None


def _of_attainable(row: Row) -> Cell:
    share = _share(row)
    return Cell(share, significant(share, 2), drawn=None if share is None else Share(share))


def _bound(row: Row) -> Cell:
    """By what; not known of arithmetic whose peak is not."""
    if _share(row) is None:
        return NOTHING
    by_bandwidth = row["op_flops"] is None or row["peak_share"] < row["bandwidth_share"]
    text = (row["level"] or "bandwidth") if by_bandwidth else "peak"
    return Cell(text, text)


_COLUMNS = (
    GridColumn("FLOP/byte", figure("intensity"), "any", numeric=True),
    GridColumn("attainable GFLOP/s", figure("attainable_gflop_per_s"), "any", numeric=True),
    GridColumn("attained GFLOP/s", figure("gflop_per_s"), "any", numeric=True, follows=True),
    GridColumn("attained GB/s", figure("op_gb_per_s"), "any", numeric=True),
    GridColumn("of attainable", _of_attainable, numeric=True),
    GridColumn("bound by", _bound),
)
