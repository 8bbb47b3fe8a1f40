"""Figures over a size as lines: points with their intervals, a line through those of one program on one machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smjax.core.numbers import listed
from smjax.core.records.columns import PROVENANCES
from smjax.report.plots.axes import figures_scale, sizes_axis, title_of
from smjax.report.plots.drawing import HEIGHT_PX, chart
from smjax.report.plots.points import mark, tooltip, with_unit
from smjax.report.plots.series import Lines
from smjax.report.plots.theme import DASHES, SHAPES

_CHARACTER_PX = 6.3
_LEGEND_PX = 300
"""Of the narrowest page."""


def marks(lines: Lines, over: str, name: str) -> list[dict[str, Any]]:
    """One for each row that has the figure."""
    return [
        {"x": row[over], "series": line.name, **mark(row, name, f"{line.name}, {over} {row[over]}")}
        for line in lines.drawn
        for row in line.rows
        if row[name] is not None
    ]


def line_chart(data: Sequence[dict[str, Any]], names: Sequence[str], over: str, name: str) -> Any:
    """An altair chart of marks (`marks`) of the figure `name`."""
    import altair as alt

    base = chart(data)
    x = alt.X("x:Q", title=title_of(over), **sizes_axis([one["x"] for one in data]))
    ends = [one[end] for one in data for end in ("y", "lo", "hi")]
    scale, title = figures_scale(ends), title_of(name)
    y = alt.Y("y:Q", title=title, scale=scale, axis=alt.Axis(tickCount=5))
    by = series(names)
    line = base.mark_line().encode(x=x, y=y, color=by["color"], strokeDash=by["strokeDash"])
    bars = base.mark_rule().encode(x=x, y=alt.Y("lo:Q", title=title), y2="hi:Q", color=by["color"])
    points = base.mark_point().encode(
        x=x, y=y, tooltip=tooltip(title), shape=by["shape"], fill=by["color"], stroke=by["color"], **by_provenance(data)
    )
    bars = bars.transform_filter(alt.FieldValidPredicate(field="lo", valid=True))
    return alt.layer(line, bars, points).properties(width="container", height=HEIGHT_PX)


def series(names: Sequence[str]) -> dict[str, Any]:
    """Colour, shape and dash, which tell the same, with a legend where there are several that fits a narrow page."""
    import altair as alt

    longest = min(280.0, max(map(len, names), default=0) * _CHARACTER_PX) + 30
    columns = max(1, int(_LEGEND_PX // longest))
    legend = alt.Legend(title=None, columns=columns) if len(names) > 1 else None
    domain = list(names)

    def scale(values: Sequence[Any] | None) -> Any:
        given: dict[str, Any] = {} if values is None else {"range": list(values[: len(domain)])}
        return alt.Scale(domain=domain, **given)

    return {
        "color": alt.Color("series:N", scale=scale(None), legend=legend),
        "shape": alt.Shape("series:N", scale=scale(SHAPES), legend=legend),
        "strokeDash": alt.StrokeDash("series:N", scale=scale(DASHES), legend=None),
    }


def by_provenance(data: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What was not measured here is hollow, and a legend says so where there is such a thing."""
    import altair as alt

    there = {one["provenance"] for one in data}
    if there <= {"measured"}:
        return {}
    domain = [one for one in (*PROVENANCES, "unknown") if one in there]
    filled = {"measured": 1.0, "imported": 0.35}
    scale = alt.Scale(domain=domain, range=[filled.get(one, 0.0) for one in domain])
    return {
        "fillOpacity": alt.FillOpacity("provenance:N", scale=scale, legend=alt.Legend(title="filled: measured here"))
    }


def in_words(data: Sequence[dict[str, Any]], name: str) -> str:
    """The extremes, and how many of the figures have an interval."""
    if not data:
        return ""
    least, most = min(data, key=lambda one: one["y"]), max(data, key=lambda one: one["y"])
    sure = sum(one["lo"] is not None for one in data)
    others = sorted({one["provenance"] for one in data} - {"measured"})
    said = f" Some are {listed(others)}, not measured here." if others else ""
    return (
        f"Highest: {with_unit(most['y'], name)} ({most['row']}). "
        f"Lowest: {with_unit(least['y'], name)} ({least['row']}). "
        f"{sure} of {len(data)} figures have a 95 % interval.{said}"
    )
