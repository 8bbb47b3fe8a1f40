"""How much of what the machine can do an op reaches: of its arithmetic, and of what its memory moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from smjax.core.numbers import significant
from smjax.report.data.contents import Contents
from smjax.report.plots import ladder, op_marks
from smjax.report.plots.drawing import chart, spec
from smjax.report.plots.plot import Plot
from smjax.report.plots.points import Row, there, tooltip
from smjax.report.plots.provenance import named, points

_MOST = 40
"""Ops."""
_MOST_ROWS = 400
"""Of all ops: each has up to four marks."""
_OF = {"peak_share": "of peak arithmetic", "bandwidth_share": "of bandwidth"}
_SHAPES = ("circle", "diamond")
_RUNG_PX = 30


def make(contents: Contents) -> Sequence[Plot]:
    """One, with a line for each op, of all its shapes and kernels."""
    rows = op_marks.timed(contents.rows).filter(pl.max_horizontal(*_OF) > 0)
    ops = rows.group_by("op", maintain_order=True).len().sort("op")
    if ops.height < 1 or rows.height < 2:
        return []
    drawn = ops["op"].to_list()[:_MOST]
    of_each = pl.int_range(pl.len()).over("op") < _MOST_ROWS // len(drawn)
    chosen = rows.filter(pl.col("op").is_in(drawn), of_each).select(there(rows, op_marks.NEEDED)).to_dicts()
    data = [mark for row in chosen for mark in _marks(row, drawn.index(row["op"]))]
    left_out = ladder.left_out(drawn, ops.height, "ops") or ladder.left_out(chosen, rows.height)
    title = f"What ops reach of the machine's best{left_out}"
    return [Plot("op-shares", title, _in_words(drawn, data), spec(_chart(drawn, data)))]


def _marks(row: Row, number: int) -> list[dict[str, Any]]:
    """Of each share that is known."""
    return [
        op_marks.of_rate(row, name) | {"at": ladder.place(number), "of": of, "op": row["op"], "kernel": row["kernel"]}
        for name, of in _OF.items()
        if row[name]
    ]


def _chart(ops: Sequence[str], data: Sequence[dict[str, Any]]) -> Any:
    import altair as alt

    count, domain = len(ops), list(_OF.values())
    y = ladder.vertical(count)
    most = max(1.0, *(one["y"] for one in data))
    axis = alt.Axis(tickCount=5, format=".0%", grid=True)
    x = alt.X("y:Q", title="Share of the best", scale=alt.Scale(domain=[0, most], nice=False), axis=axis)
    legend = alt.Legend(title=None)
    colour = alt.Scale(domain=domain)
    base = chart(data)
    bars = base.mark_rule().encode(
        x=alt.X("lo", type="quantitative"), x2=alt.X2("hi"), y=y, stroke=alt.Stroke("of:N", scale=colour, legend=legend)
    )
    done = points(
        base,
        data,
        40,
        x=x,
        y=y,
        fill=alt.Fill("of:N", scale=colour, legend=legend),
        stroke=alt.Stroke("of:N", scale=colour, legend=legend),
        shape=alt.Shape("of:N", scale=alt.Scale(domain=domain, range=list(_SHAPES)), legend=legend),
        tooltip=tooltip("Share", {"of": "Of what", "kernel": "Kernel"}),
    )
    bars = bars.transform_filter(alt.FieldValidPredicate(field="lo", valid=True))
    texts = ladder.names([(op, "") for op in ops], count, _RUNG_PX)
    return alt.layer(bars, *done, texts).properties(width="container", height=ladder.height(count, _RUNG_PX))


def _in_words(ops: Sequence[str], data: Sequence[dict[str, Any]]) -> str:
    """The best of each op."""
    best = [max((one for one in data if one["op"] == op), key=lambda one: one["y"]) for op in ops]
    best.sort(key=lambda one: -one["y"])
    said = [f"{named(one['row'], one['provenance'])}: {significant(one['y'] * 100, 2)} % {one['of']}" for one in best]
    return f"The best of each op. {ladder.some(said)}"
