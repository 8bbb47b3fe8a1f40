"""Decode rate over threads, beside what it would be if each thread added as much as the first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from smjax.core.numbers import significant
from smjax.report.data.contents import Contents
from smjax.report.plots.axes import sizes, title_of
from smjax.report.plots.drawing import spec
from smjax.report.plots.lines import in_words, line_chart, marks
from smjax.report.plots.plot import Plot
from smjax.report.plots.points import needed
from smjax.report.plots.series import Lines, lines

NAME = "decode_tok_per_s"


def make(contents: Contents) -> Sequence[Plot]:
    """One, where some program was measured with several numbers of threads."""
    known = contents.rows.filter(pl.col(NAME).is_not_null(), pl.col("threads") > 0)
    found = lines(known, "threads", [*needed(NAME), "scaling_efficiency", "cores"])
    data = marks(found, "threads", NAME)
    if not data:
        return []
    drawn = line_chart(data, found.names, sizes("threads", [one["x"] for one in data]), title_of(NAME), _ideal(found))
    title = f"Decode rate over threads{found.left_out}"
    return [Plot("decode-over-threads", title, f"{in_words(data)} {_scaling(found)}".strip(), spec(drawn))]


def _ideal(found: Lines) -> list[dict[str, Any]]:
    """Of each line that has a figure with one thread, as far as there is a core for each thread."""
    return [
        {"x": row["threads"], "y": line.rows[0][NAME] * row["threads"], "series": line.name}
        for line in found.drawn
        if line.rows[0]["threads"] == 1
        for rows in [[row for row in line.rows if row["threads"] <= (row["cores"] or row["threads"])]]
        if len(rows) > 1
        for row in rows
    ]


def _scaling(found: Lines) -> str:
    known = [
        (row["scaling_efficiency"], row["threads"], line.name)
        for line in found.drawn
        for row in line.rows
        if row["threads"] > 1 and row["scaling_efficiency"] is not None
    ]
    if not known:
        return ""
    share, threads, name = max(known)
    nearest = f"{significant(share * 100, 2)} % of it, with {threads} threads ({name})"
    return f"Dotted: if each thread added as much as the first. Nearest to that: {nearest}."
