"""How fast memory is read, copied or added up over the working set: a curve with a step at each cache."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from smjax.core.ops.machine import MEMORY
from smjax.report.data.contents import Contents
from smjax.report.plots import op_marks
from smjax.report.plots.axes import decades
from smjax.report.plots.drawing import spec
from smjax.report.plots.lines import in_words, line_chart
from smjax.report.plots.plot import Plot
from smjax.report.plots.series import lines

_LEAST = 3
"""Sizes that are worth a curve."""
_IN_BYTES = (
    "datum.value >= 1073741824 ? datum.value / 1073741824 + ' GiB' : datum.value >= 1048576 ? "
    "datum.value / 1048576 + ' MiB' : datum.value / 1024 + ' KiB'"
)


def make(contents: Contents) -> Sequence[Plot]:
    """One, with a curve for each kind of moving, kernel and number of threads."""
    known = op_marks.timed(contents.rows).filter(pl.col("op") == MEMORY.name, pl.col("op_gb_per_s") > 0)
    size = pl.col("shape").str.extract("^[a-z]+:([0-9]{1,18})$", 1).cast(pl.Int64)
    rows = op_marks.by_kind(known).with_columns(bytes=size).filter(pl.col("bytes") > 0)
    found = lines(rows, "bytes", op_marks.NEEDED, least=_LEAST)
    data = op_marks.over_bytes(found, lambda row: op_marks.of_rate(row, "op_gb_per_s"))
    if not data:
        return []
    sizes = sorted({mark["x"] for mark in data})
    x = decades("Working set", sizes, labelExpr=_IN_BYTES)
    drawn = line_chart(data, found.names, x, "Bytes moved (GB/s)")
    title = f"Memory bandwidth over the working set{found.left_out}"
    return [
        Plot(
            "memory-curves",
            title,
            f"How fast so many bytes are gone over, over and over. {in_words(data)}",
            spec(drawn),
        )
    ]
