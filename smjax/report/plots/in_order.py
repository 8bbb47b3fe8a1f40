"""Each process's figure in the order of time, beside its row's median: two speeds and drifts are to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from smjax.core.numbers import plural
from smjax.core.records.flags import DISTURBED
from smjax.core.records.record import Record
from smjax.report.data.contents import Contents
from smjax.report.data.main_figure import CALL, DECODE, LOOP, main_figure
from smjax.report.data.names import Names
from smjax.report.plots import ladder
from smjax.report.plots.axes import numbered
from smjax.report.plots.drawing import chart, spec
from smjax.report.plots.names import of_rows
from smjax.report.plots.plot import Plot
from smjax.report.plots.points import interval_of, of_row, signed, with_unit
from smjax.report.plots.provenance import named, points
from smjax.report.plots.theme import FAINT

_RUNG_PX = 78
_MIDDLE, _REACH = 0.64, 0.27
"""Of the median in its rung, and how far its furthest figure lies from that."""
_MOST_PROCESSES = 150
_ALONE_FROM = 0.5
_SHAPES = {"alone": "circle", "shared cores": "diamond", "disturbed": "triangle-up", "not known": "square"}
_LEAST = 0.05
"""What a strip reaches to either side of its median at least: else noise would look like two speeds."""
_NAMED = ("model", "op", "shape", "threads", "ctx")


def make(contents: Contents) -> Sequence[Plot]:
    """One, of the rows with several processes: first those without an interval, then those that scatter the most."""
    figures = [f"{name}_medians" for name in (DECODE, LOOP, CALL)]
    several = contents.rows.filter(pl.max_horizontal(pl.col(figures).list.len().fill_null(0)) > 1)
    if contents.is_pooled or not several.height:
        return []
    spread = pl.max_horizontal(_spread(name) for name in figures)
    order = several.with_columns(_spread=spread.fill_null(0)).sort(
        pl.col("provenance") != "measured",
        pl.col("no_interval_reason").is_null(),
        pl.col("_spread"),
        descending=[False, False, True],
        maintain_order=True,
    )
    rows = order.head(ladder.MOST).to_dicts()
    names = Names(rows)
    strips = [_strip(row, names.of(row), contents.records) for row in rows]
    title = f"Processes in the order of time{ladder.left_out(rows, several.height)}"
    return [Plot("processes-in-order", title, _in_words(rows, strips), spec(_chart(rows, strips)))]


def _spread(name: str) -> pl.Expr:
    values = pl.col(name).list
    return values.max() / values.min() - 1


def _strip(row: dict[str, Any], called: str, records: Sequence[Record]) -> list[dict[str, Any]]:
    """A mark for each process, of several in a place for the furthest off, with how far from the median it is."""
    name = main_figure(row)
    values, states = row[f"{name}_medians"], _states(row, records)
    step, middle = -(-len(values) // _MOST_PROCESSES), row[name]
    places = (range(first, min(first + step, len(values))) for first in range(0, len(values), step))
    furthest = (max(place, key=lambda number: abs(values[number] - middle)) for place in places)
    return [
        {
            "x": number + 1,
            "off": values[number] / middle - 1,
            "figure": with_unit(values[number], name),
            "against": signed(values[number] / middle - 1),
            "interval": interval_of(row, name),
            "place": f"{number + 1} of {len(values)}",
            "state": states[number],
            **of_row(row, called),
        }
        for number in furthest
    ]


def _states(row: dict[str, Any], records: Sequence[Record]) -> list[str]:
    """Of each process that has the figure."""
    count = _count(row)
    own = [records[number] for number in row["record_numbers"] if records[number].ok]
    shares = row.get("alone_shares") or []
    if len(own) != count:
        return ["not known"] * count
    shares = shares if len(shares) == count else [None] * count
    return [_state(record, share) for record, share in zip(own, shares, strict=True)]


def _state(record: Record, share: float | None) -> str:
    if DISTURBED.name in record.flags:
        return "disturbed"
    return "not known" if share is None else "alone" if share >= _ALONE_FROM else "shared cores"


def _chart(rows: Sequence[dict[str, Any]], strips: Sequence[list[dict[str, Any]]]) -> Any:
    import altair as alt

    count = len(rows)
    ends = list(map(_interval, rows))
    most = [_reach(own, strip) for own, strip in zip(ends, strips, strict=True)]
    marks = [
        mark | {"at": number + _MIDDLE - mark["off"] / most[number] * _REACH, "rung": number}
        for number, strip in enumerate(strips)
        for mark in strip
    ]
    y = ladder.vertical(count)
    x = numbered("Processes of a row in the order of time", max(mark["x"] for mark in marks))
    told = {
        "row": "Row", "figure": "Figure", "against": "Against the median", "interval": "95 % interval",
        "place": "Process", "state": "Cores",
        "provenance": "Provenance", "flags": "Flags of the row",
    }  # fmt: skip
    base = chart(marks)
    line = base.mark_line(style=FAINT, strokeWidth=1).encode(x=x, y=y, detail=alt.Detail("rung", type="nominal"))
    done = points(base, marks, x=x, y=y, tooltip=ladder.tooltip(told), **_by_state(marks))
    return alt.layer(
        *_medians(ends, most), line, *done, ladder.names(_texts(rows, strips), count, _RUNG_PX)
    ).properties(width="container", height=ladder.height(count, _RUNG_PX))


def _by_state(marks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The first state that is there has the first colour; shapes are always the same."""
    import altair as alt

    there = [state for state in _SHAPES if any(mark["state"] == state for mark in marks)]
    legend = alt.Legend(title="Cores") if len(there) > 1 else None
    colours, shapes = alt.Scale(domain=there), alt.Scale(domain=there, range=[_SHAPES[state] for state in there])
    return {
        "fill": alt.Fill("state:N", scale=colours, legend=legend),
        "stroke": alt.Stroke("state:N", scale=colours, legend=legend),
        "shape": alt.Shape("state:N", scale=shapes, legend=legend),
    }


def _reach(interval: tuple[float, float], strip: Sequence[dict[str, Any]]) -> float:
    """How far the strip has to reach to either side."""
    offs = [float(mark["off"]) for mark in strip]
    return max(_LEAST, *map(abs, (*interval, *offs)))


def _interval(row: dict[str, Any]) -> tuple[float, float]:
    """From where to where it lies around the median, as shares of that; no width where there is none."""
    name = main_figure(row)
    lo, hi = row.get(f"{name}_lo"), row.get(f"{name}_hi")
    return (0.0, 0.0) if lo is None or hi is None else (lo / row[name] - 1, hi / row[name] - 1)


def _medians(intervals: Sequence[tuple[float, float]], most: Sequence[float]) -> list[Any]:
    """Of each row the median as a line, its interval as a band."""
    import altair as alt

    count = len(intervals)
    marks = [
        {"middle": middle, "lo": middle - lo / reach * _REACH, "hi": middle - hi / reach * _REACH}
        for middle, (lo, hi), reach in zip((n + _MIDDLE for n in range(count)), intervals, most, strict=True)
    ]
    base = chart(marks)
    band = base.mark_rect(opacity=0.15).encode(y=ladder.vertical(count, "lo"), y2=alt.Y2("hi"))
    return [band, base.mark_rule(strokeWidth=1).encode(y=ladder.vertical(count, "middle"))]


def _texts(rows: Sequence[dict[str, Any]], strips: Sequence[list[dict[str, Any]]]) -> list[tuple[str, str]]:
    said = [_of_strip(row, strip) for row, strip in zip(rows, strips, strict=True)]
    return list(zip(said, of_rows(rows), strict=True))


def _of_strip(row: dict[str, Any], strip: Sequence[dict[str, Any]]) -> str:
    name = main_figure(row)
    ends = [signed(end(mark["off"] for mark in strip)) for end in (min, max)]
    return f"{with_unit(row[name], name)}, {' to '.join(ends)}"


def _in_words(rows: Sequence[dict[str, Any]], strips: Sequence[list[dict[str, Any]]]) -> str:
    said = [
        f"{named(strip[0]['row'], row['provenance'])}: {plural(_count(row), 'process', 'processes')}, "
        f"{_of_strip(row, strip)} of the median"
        + (f"; no interval: {row['no_interval_reason']}" if row["no_interval_reason"] else "")
        for row, strip in zip(rows, strips, strict=True)
    ]
    are_together = any(_count(row) > len(strip) for row, strip in zip(rows, strips, strict=True))
    how = " Of several in one place the furthest from the median is drawn." if are_together else ""
    return f"Each process's figure beside its row's median.{how} {ladder.some(said)}"


def _count(row: dict[str, Any]) -> int:
    """Processes that have the figure."""
    return len(row[f"{main_figure(row)}_medians"])
