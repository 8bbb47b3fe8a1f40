"""Every process of a row in the order of time, those that another took the place of too: what pictures need."""

from __future__ import annotations

import polars as pl

from smjax.core.records.alike import ROW
from smjax.core.records.flags import DISTURBED
from smjax.report.data.main_figure import DECODE, OF_OPS

_FIGURES = (DECODE, *OF_OPS)
ALONE_FROM = 0.5
"""Share of its answers from which on a process counts as one that had its cores alone."""


def courses(figures: pl.DataFrame) -> pl.DataFrame:
    """Of `processes.per_process` by row `course`: a list with the figures that rows are judged by, for each process.

    They are null where it failed or another took its place. `is_suspect`: something disturbed it, or somebody unseen
    shared its cores for most of the time.
    """
    stands = pl.col("stands") & (pl.col("status") == "ok")
    is_suspect = pl.col("flags").list.contains(DISTURBED.name) | (pl.col("alone_share") < ALONE_FROM).fill_null(False)
    known = [pl.when(stands).then(name).alias(name) for name in _FIGURES]
    course = pl.struct(*known, is_suspect=is_suspect)
    return figures.sort("date", maintain_order=True).group_by(ROW, maintain_order=True).agg(course=course)
