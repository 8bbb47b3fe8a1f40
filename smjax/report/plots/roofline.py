"""The roofline: of each op how much arithmetic a byte brings, what the machine can do with that, and what it did.

References:
    Williams, Waterman, Patterson, Roofline: an insightful visual performance model, CACM 52(4), 2009.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Any

import polars as pl

from smjax.core.numbers import plural, significant
from smjax.core.text import printable
from smjax.report.data.contents import Contents
from smjax.report.plots import ladder, op_marks
from smjax.report.plots.axes import decades, figures, log_ticks
from smjax.report.plots.drawing import HEIGHT_PX, chart, spec
from smjax.report.plots.lines import in_words, series
from smjax.report.plots.names import distinct
from smjax.report.plots.plot import Plot
from smjax.report.plots.points import Row, there, tooltip, with_unit
from smjax.report.plots.provenance import points
from smjax.report.plots.theme import FAINT

_LEAST = 2
_PEAK = "peak"
_MOST_MARKS = 400
_MOST_DROPS = 40
"""Lines from marks to their roofs, of which more hide the marks."""
_MARGIN = 0.3
"""Of the axis, for what roofs are called, as a share of what is measured."""
_ATTAINED, _ATTAINABLE = "gflop_per_s", "attainable_gflop_per_s"


def make(contents: Contents) -> Sequence[Plot]:
    """One for each number of threads, of the ops whose peak and bandwidth are known."""
    known = op_marks.timed(contents.rows).filter(
        pl.col(_ATTAINED) > 0, pl.col(_ATTAINABLE) > 0, pl.col("intensity") > 0
    )
    parts = known.partition_by("threads", maintain_order=True)
    return [_plot(part, is_one=len(parts) == 1) for part in parts if part.height >= _LEAST]


def _plot(rows: pl.DataFrame, is_one: bool) -> Plot:
    """A colour for each kernel; an op's shapes differ in too much to be joined by a line."""
    drawn = rows.select(there(rows, op_marks.NEEDED)).head(_MOST_MARKS).to_dicts()
    data = [_mark(row) for row in drawn]
    threads = plural(rows["threads"][0], "thread", "threads")
    title = f"Roofline{'' if is_one else f', {threads}'}{ladder.left_out(drawn, rows.height, 'ops')}"
    name = "roofline" if is_one else f"roofline-{threads.replace(' ', '-')}"
    return Plot(name, title, f"{in_words(data)} {_nearest(data)}", spec(_chart(data, _roofs(drawn))))


def _mark(row: Row) -> dict[str, Any]:
    share = row[_ATTAINED] / row[_ATTAINABLE]
    return op_marks.of_rate(row, _ATTAINED) | {
        "x": row["intensity"],
        "best": row[_ATTAINABLE],
        "series": printable(row["kernel"] or "not known"),
        "attainable": f"{with_unit(row[_ATTAINABLE], _ATTAINABLE)}, of which {significant(share * 100, 2)} %",
        "share": share,
    }


def _roofs(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Of each level of memory a slope up to the highest peak, and that peak: what processes read, in the middle."""
    bandwidths = defaultdict[str, list[float]](list)
    for row in rows:
        if row["level_bytes_per_s"]:
            bandwidths[row["level"] or "memory"].append(row["level_bytes_per_s"] / 1e9)
    peak = max(row["peak_flop_per_s"] for row in rows) / 1e9
    least, most = (end(row["intensity"] for row in rows) for end in (min, max))
    ends = [{"roof": _PEAK, "x": x, "y": peak, "said": f"peak {significant(peak)} GFLOP/s"} for x in (least, most)]
    for level, found in sorted(bandwidths.items()):
        speed = median(found)
        said = f"{printable(level)} {significant(speed)} GB/s"
        reach = min(most, max(least, peak / speed))
        ends += [{"roof": level, "x": x, "y": min(peak, x * speed), "said": said} for x in (least, reach)]
    return ends


def _chart(data: Sequence[dict[str, Any]], roofs: Sequence[dict[str, Any]]) -> Any:
    import altair as alt

    names = distinct(list(dict.fromkeys(mark["series"] for mark in data)))
    by, base, above = series(names), chart(data), chart(roofs)
    places = [one["x"] for one in (*data, *roofs)]
    least, most = min(places), max(places)
    begin = least / (2 * most / least) ** _MARGIN
    ticks = log_ticks(least, most)
    x = decades("Arithmetic intensity (FLOP/byte)", ticks, domain=[begin, most], format="~r")
    y = figures("Arithmetic (GFLOP/s)", [one[end] for one in (*data, *roofs) for end in ("y", "best") if end in one])
    lost = base.mark_rule(strokeWidth=1, opacity=0.35).encode(x=x, y=y, y2=alt.Y2("best"), stroke=by.line["stroke"])
    bars = base.mark_rule(strokeWidth=2).encode(
        x=x, y=alt.Y("lo", type="quantitative"), y2=alt.Y2("hi"), stroke=by.line["stroke"]
    )
    told = tooltip("Attained", {"attainable": "Attainable", "series": "Kernel"})
    done = points(base, data, 40, x=x, y=y, tooltip=told, **by.point)
    word = alt.Text("said", type="nominal")
    slopes = chart(_firsts(roofs)).mark_text(align="right", dx=-5).encode(x=x, y=y, text=word)
    top = chart([one for one in roofs if one["roof"] == _PEAK][-1:]).mark_text(align="right", dy=-8)
    return alt.layer(
        above.mark_line(style=FAINT, strokeWidth=1.5).encode(x=x, y=y, detail=alt.Detail("roof", type="nominal")),
        slopes,
        top.encode(x=x, y=y, text=word),
        *([lost] if len(data) <= _MOST_DROPS else []),
        bars.transform_filter(alt.FieldValidPredicate(field="lo", valid=True)),
        *done,
    ).properties(width="container", height=HEIGHT_PX + 80)


def _firsts(roofs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where each slope begins."""
    found: dict[str, dict[str, Any]] = {}
    for one in roofs:
        if one["roof"] == _PEAK:
            continue
        found.setdefault(one["roof"], one)
    return list(found.values())


def _nearest(data: Sequence[dict[str, Any]]) -> str:
    best = max(data, key=lambda one: one["share"])
    roof = best["attainable"].partition(",")[0]
    return f"Nearest to its roof: {best['row']}, {significant(best['share'] * 100, 2)} % of {roof}."
