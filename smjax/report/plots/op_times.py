"""What a call of an op takes, over the bytes that it reads and writes."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from smjax.core.ops.machine import MEMORY
from smjax.report.data.contents import Contents
from smjax.report.plots import op_marks
from smjax.report.plots.axes import decades, log_ticks
from smjax.report.plots.drawing import spec
from smjax.report.plots.lines import in_words, line_chart
from smjax.report.plots.plot import Plot
from smjax.report.plots.series import lines

_TITLE = "Time of a call over the bytes that it moves"


def make(contents: Contents) -> Sequence[Plot]:
    """One, where some op was measured at several sizes; what memory does itself has a picture of its own."""
    known = op_marks.timed(contents.rows).filter(pl.col("op_bytes") > 0, pl.col("op") != MEMORY.name)
    rows = op_marks.by_kind(known).with_columns(bytes=pl.col("op_bytes"))
    found = lines(rows, "bytes", op_marks.NEEDED)
    data = op_marks.over_bytes(found, op_marks.of_time)
    if not data:
        return []
    sizes = [mark["x"] for mark in data]
    x = decades("Bytes read and written", log_ticks(min(sizes), max(sizes)))
    drawn = line_chart(data, found.names, x, "Time of a call (µs)", are_joined=False)
    title = f"{_TITLE}{found.left_out_of('ops')}"
    return [Plot("op-times", title, in_words(data), spec(drawn))]
