"""Resident memory by part: what the process holds itself and what pages of files, beside weights, KV cache and peak."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

import polars as pl

from smjax.core.numbers import significant
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.report.data.contents import Contents
from smjax.report.data.names import Names
from smjax.report.plots import ladder
from smjax.report.plots.drawing import chart, spec
from smjax.report.plots.names import of_rows
from smjax.report.plots.plot import Plot
from smjax.report.plots.points import LONGEST, Row, of_row
from smjax.report.plots.provenance import named

_RUNG_PX = 54
_OF_MODEL, _OF_PROCESS = 0.06, -0.16
"""Where a bar lies, from the middle of its rung's marks."""
_PARTS = {
    "weights": _OF_MODEL,
    "KV cache": _OF_MODEL,
    "private": _OF_PROCESS,
    "pages of files": _OF_PROCESS,
}
"""In the order of their colours; those of one place add up."""
_HOW = "Upper bars: resident at the end; thick lines: at the peak; lower bars: what of it the model needs."
_PALE = 0.4
"""Opacity of what was not measured here."""
_TOLD = {"row": "Row", "part": "Part", "figure": "Size", "n": "n", "provenance": "Provenance", "flags": "Flags"}


def make(contents: Contents) -> Sequence[Plot]:
    """One, of the rows that are known to hold something: those with the highest peaks."""
    figures = ("peak_rss_mb", "anon_mb", "file_mb", "weight_mb")
    known = contents.rows.filter(pl.col("op").is_null(), pl.max_horizontal(*figures) > 0)
    order = pl.max_horizontal("peak_rss_mb", pl.col("anon_mb") + pl.col("file_mb")).fill_null(0)
    top = known.with_row_index("_n").sort(order, descending=True, maintain_order=True).head(ladder.MOST)
    rows = top.sort("_n").to_dicts()
    if not rows:
        return []
    names = Names(rows)
    called = [names.of(row) for row in rows]
    marks = [
        mark
        for number, (row, name) in enumerate(zip(rows, called, strict=True))
        for mark in _marks(row, name, number, contents.records)
    ]
    title = f"Memory by part{ladder.left_out(rows, known.height)}"
    return [Plot("memory-by-part", title, _in_words(rows, called), spec(_chart(marks, rows, called)))]


def _marks(row: Row, name: str, number: int, records: Sequence[Record]) -> list[dict[str, Any]]:
    """Bars from one part's end to the next one's."""
    mb = {
        "weights": row["weight_mb"],
        "KV cache": _kv_mb(row, records),
        "private": row["anon_mb"],
        "pages of files": row["file_mb"],
    }
    ends = dict.fromkeys((_OF_MODEL, _OF_PROCESS), 0.0)
    found = []
    for part, place in _PARTS.items():
        if size := mb[part]:
            at = ladder.place(number) + place
            bar = {"part": part, "x": ends[place], "x2": ends[place] + size, "top": at, "end": at + 0.2}
            found.append(bar | _told(row, name, f"{significant(size)} MB"))
            ends[place] += size
    return found


def _told(row: Row, name: str, figure: str) -> dict[str, Any]:
    return of_row(row, name) | {
        "figure": figure,
        "solid": 1 if row["provenance"] == "measured" else _PALE,
    }


def _kv_mb(row: Row, records: Sequence[Record]) -> float | None:
    """The median over the row's processes."""
    own = [records[number].memory.kv_bytes for number in row["record_numbers"]]
    known = [one for one in own if one]
    return median(known) / 1e6 if known else None


def _chart(marks: Sequence[dict[str, Any]], rows: Sequence[Row], called: Sequence[str]) -> Any:
    import altair as alt

    count = len(rows)
    peaks = [
        {"x": row["peak_rss_mb"], "top": ladder.place(number) - 0.2, "end": ladder.place(number) + 0.08}
        | {"part": "peak"}
        | _told(row, name, f"{significant(row['peak_rss_mb'])} MB")
        for number, (row, name) in enumerate(zip(rows, called, strict=True))
        if row["peak_rss_mb"]
    ]
    x = alt.X("x:Q", title="Memory (MB)", scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=5, grid=True))
    y = ladder.vertical(count, "top")
    there = [part for part in _PARTS if any(mark["part"] == part for mark in marks)]
    colour = alt.Fill(
        "part:N", scale=alt.Scale(domain=list(_PARTS)), legend=alt.Legend(title=None, values=there, columns=2)
    )
    told = ladder.tooltip(_TOLD)
    solid = alt.Opacity("solid:Q", scale=None, legend=None)
    bars = (
        chart(marks)
        .mark_rect()
        .encode(x=x, x2=alt.X2("x2"), y=y, y2=alt.Y2("end"), fill=colour, opacity=solid, tooltip=told)
    )
    ticks = chart(peaks).mark_rule(strokeWidth=3).encode(x=x, y=y, y2=alt.Y2("end"), tooltip=told)
    texts = [
        (f"{significant(row['peak_rss_mb'])} MB peak" if row["peak_rss_mb"] else "", name)
        for row, name in zip(rows, of_rows(rows), strict=True)
    ]
    return alt.layer(bars, ticks, ladder.names(texts, count, _RUNG_PX)).properties(
        width="container", height=ladder.height(count, _RUNG_PX)
    )


def _in_words(rows: Sequence[Row], called: Sequence[str]) -> str:
    said = []
    for row, name in zip(rows, called, strict=True):
        parts = {"peak": "peak_rss_mb", "private": "anon_mb", "of files": "file_mb", "weights": "weight_mb"}
        known = [f"{part} {significant(row[column])} MB" for part, column in parts.items() if row[column]]
        said.append(f"{named(printable(name, LONGEST), row['provenance'])}: {', '.join(known)}")
    return f"{_HOW} {ladder.some(said)}"
