"""Over context: how fast tokens are decoded, and how long the first one takes."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from smjax.report.data.contents import Contents
from smjax.report.plots.axes import sizes, title_of
from smjax.report.plots.drawing import spec
from smjax.report.plots.lines import in_words, line_chart, marks
from smjax.report.plots.plot import Plot
from smjax.report.plots.points import needed
from smjax.report.plots.series import lines

_NAMES = {
    "decode_tok_per_s": ("decode-over-context", "Decode rate"),
    "ttft_ms": ("ttft-over-context", "Time to first token"),
}


def make(contents: Contents) -> Sequence[Plot]:
    """One for each figure that some line has at several contexts."""
    return [plot for name in _NAMES for plot in _of(contents.rows, name)]


def _of(rows: pl.DataFrame, name: str) -> list[Plot]:
    known = rows.filter(pl.col(name).is_not_null(), pl.col("ctx") > 0)
    found = lines(known, "ctx", needed(name))
    data = marks(found, "ctx", name)
    if not data:
        return []
    file, words = _NAMES[name]
    drawn = spec(line_chart(data, found.names, sizes("ctx", [one["x"] for one in data]), title_of(name)))
    return [Plot(file, f"{words} over context{found.left_out}", in_words(data), drawn)]
