"""How much of the memory's bandwidth decoding uses: the bytes that it reads a second, beside what can be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from smjax.core.numbers import significant
from smjax.report.data.contents import Contents
from smjax.report.data.main_figure import DECODE
from smjax.report.data.names import Names
from smjax.report.plots import ladder
from smjax.report.plots.drawing import chart, spec
from smjax.report.plots.names import of_rows
from smjax.report.plots.plot import Plot
from smjax.report.plots.points import Row, mark, tooltip
from smjax.report.plots.provenance import named, points

_SHARE = "roofline"
_KINDS = {"did": "read by decoding", "can": "what can be read"}


def make(contents: Contents) -> Sequence[Plot]:
    """One, of the rows whose processes measured their bandwidth: those with the largest and least shares of it."""
    known = contents.rows.filter(pl.all_horizontal(pl.col(_SHARE, "gb_per_s", "read_bytes_per_s", DECODE) > 0))
    order = known.with_row_index("_n").sort(_SHARE, descending=True, maintain_order=True)
    half = ladder.MOST // 2
    top = order if order.height <= ladder.MOST else pl.concat([order.head(half), order.tail(half)])
    rows = top.sort("_n").to_dicts()
    if not rows:
        return []
    names = Names(rows)
    marks = [_mark(row, names.of(row), number) for number, row in enumerate(rows)]
    title = f"Bytes that decoding reads, beside what can be read at best{ladder.left_out(rows, known.height)}"
    return [Plot("decode-bandwidth", title, _in_words(marks), spec(_chart(marks, of_rows(rows))))]


def _mark(row: Row, called: str, number: int) -> dict[str, Any]:
    """What is read goes as the decode rate, and has its interval; the share is the median of the processes' own."""
    rate, best = row[DECODE], row["read_bytes_per_s"] / 1e9
    told = mark(row, DECODE, called)
    ends = {end: None if told[end] is None else told[end] / rate * row["gb_per_s"] for end in ("lo", "hi")}
    interval = told["interval"] if told["lo"] is None else f"{significant(ends['lo'])} to {significant(ends['hi'])}"
    level = f" ({row['bandwidth_level']})" if row["bandwidth_level"] else ""
    where = {"y": row["gb_per_s"], "best": best, "at": ladder.place(number), **ends}
    figures = {"figure": f"{significant(row['gb_per_s'])} GB/s", "attainable": f"{significant(best)} GB/s{level}"}
    return told | where | figures | _KINDS | {"interval": interval, "share": f"{significant(row[_SHARE] * 100, 2)} %"}


def _chart(marks: Sequence[dict[str, Any]], names: Sequence[str]) -> Any:
    import altair as alt

    count, base = len(marks), chart(marks)
    y, axis = ladder.vertical(count), alt.Axis(tickCount=5, grid=True)
    x = alt.X("y:Q", title="Bytes read (GB/s)", scale=alt.Scale(zero=True), axis=axis)
    told = tooltip("Read by decoding", {"attainable": "Can be read", "share": "Share of it"})
    gap = base.mark_rule(strokeWidth=1, opacity=0.5).encode(x=x, x2=alt.X2("best"), y=y)
    bars = base.mark_rule(strokeWidth=3).encode(
        x=alt.X("lo", type="quantitative"), x2=alt.X2("hi"), y=y, stroke=_kind("stroke", "did")
    )
    best = base.mark_tick(thickness=3, size=14).encode(
        x=alt.X("best", type="quantitative"), y=y, fill=_kind("fill", "can"), tooltip=told
    )
    done = points(base, marks, 70, x=x, y=y, fill=_kind("fill", "did"), stroke=_kind("stroke", "did"), tooltip=told)
    bars = bars.transform_filter(alt.FieldValidPredicate(field="lo", valid=True))
    texts = [(mark["share"], name) for mark, name in zip(marks, names, strict=True)]
    return alt.layer(gap, bars, best, *done, ladder.names(texts, count)).properties(
        width="container", height=ladder.height(count)
    )


def _kind(channel: str, field: str) -> Any:
    """The same colours in the legend and in every layer."""
    import altair as alt

    of: Any = alt.Fill if channel == "fill" else alt.Stroke
    domain = alt.Scale(domain=list(_KINDS.values()))
    return of(field, type="nominal", scale=domain, legend=alt.Legend(title=None))


def _in_words(marks: Sequence[dict[str, Any]]) -> str:
    said = [
        f"{named(one['row'], one['provenance'])}: {one['figure']} of {one['attainable']}, {one['share']}"
        for one in marks
    ]
    how = "Dots: what decoding reads; ticks: what the same process reads of as many bytes at best, from where they lie."
    return f"{how} {ladder.some(said)}"
