"""What is drawn beside the figure that a row is judged by: its processes in the order of time."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from smjax.core.records.columns import METRICS
from smjax.report.data.main_figure import DECODE, OF_OPS, main_figure
from smjax.report.render.grid import Cell, GridColumn, Row
from smjax.report.render.in_order import FEWEST, InOrder

FIGURES = (DECODE, *OF_OPS)
"""That a row may be judged by."""


@cache  # the same for the same: two reports are equal if they say the same
def with_processes(name: str, column: GridColumn) -> GridColumn:
    """The column of a figure, with a picture for each row that is judged by it."""

    def cell(row: Row) -> Cell:
        return replace(column.cell(row), drawn=_processes(row, name) if main_figure(row) == name else None)

    return replace(column, cell=cell)


def _processes(row: Row, name: str) -> InOrder | None:
    course = row["course"] or ()
    values = tuple(process[name] for process in course)
    if sum(value is not None for value in values) < FEWEST:
        return None
    return InOrder(
        values,
        tuple(process["is_suspect"] for process in course),
        f"{METRICS[name].heading} of each process",
        "disturbed, or on shared cores",
        "failed or repeated",
    )
