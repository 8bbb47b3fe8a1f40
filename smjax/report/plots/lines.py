"""Figures over a size as lines: points with their intervals, a line through those of one program on one machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smjax.core.numbers import listed, plural
from smjax.report.plots.axes import figures, saying_scale
from smjax.report.plots.drawing import HEIGHT_PX, chart
from smjax.report.plots.points import mark, tooltip
from smjax.report.plots.provenance import points
from smjax.report.plots.series import Lines
from smjax.report.plots.theme import DASHES, SHAPES

_CHARACTER_PX = 6.3
_LEGEND_PX = 300
"""Of the narrowest page."""


def marks(lines: Lines, over: str, name: str) -> list[dict[str, Any]]:
    """One for each row that has the figure."""
    return [
        of_line(number, line.name, row[over]) | mark(row, name, f"{line.name}, {over} {row[over]}")
        for number, line in enumerate(lines.drawn)
        for row in line.rows
        if row[name] is not None
    ]


def of_line(number: int, name: str, place: float) -> dict[str, Any]:
    """Where a mark lies, and which line it is of."""
    return {"x": place, "series": name, "line": number, "dash": number}


def line_chart(
    data: Sequence[dict[str, Any]],
    names: Sequence[str],
    x: Any,
    title: str,
    beside: Sequence[dict[str, Any]] = (),
    are_joined: bool = True,
) -> Any:
    """An altair chart of marks as `marks` has them; `beside`: what lines would be at best, drawn faintly."""
    import altair as alt

    base = chart(data)
    ends = [one.get(end) for one in (*data, *beside) for end in ("y", "lo", "hi")]
    told, title = tooltip(title), saying_scale(title, ends)
    y = figures(title, ends)
    by = series(names)
    line = base.mark_line().encode(x=x, y=y, detail=alt.Detail("line", type="nominal"), **by.line)
    bars = base.mark_rule().encode(x=x, y=alt.Y("lo:Q", title=title), y2=alt.Y2("hi"), stroke=by.line["stroke"])
    bars = bars.transform_filter(alt.FieldValidPredicate(field="lo", valid=True))
    marked = points(base, data, x=x, y=y, tooltip=told, **by.point)
    layers = [*_ideal(beside, x, y, by), *([line] if are_joined else []), bars, *marked]
    return alt.layer(*layers).properties(width="container", height=HEIGHT_PX)


def _ideal(marks: Sequence[dict[str, Any]], x: Any, y: Any, by: Series) -> list[Any]:
    """Faint lines, and a word at the end of the highest."""
    if not marks:
        return []
    line = chart(marks).mark_line(strokeWidth=1, strokeDash=[2, 3]).encode(x=x, y=y, stroke=by.line["stroke"])
    end = max(marks, key=lambda one: one["y"])
    return [line, chart([end]).mark_text(text="ideal", align="right", dx=-2, dy=-8).encode(x=x, y=y)]


@dataclass(frozen=True)
class Series:
    """How lines, and their points, are told apart: encodings by channel. With several of them there is a legend."""

    line: dict[str, Any]
    point: dict[str, Any]


def series(names: Sequence[str], is_of_lines: bool = False) -> Series:
    """Colour, shape and dash tell the same; the legend, of points or `is_of_lines`, is as wide as a narrow page.

    Beside points lines have their dashes by another field, `dash`: the legend's shapes would be dashed else.
    """
    import altair as alt

    longest = min(280.0, max(map(len, names), default=0) * _CHARACTER_PX) + 30
    symbol: dict[str, Any] = {"symbolType": "stroke", "symbolSize": 400} if is_of_lines else {}
    columns = max(1, int(_LEGEND_PX // longest))
    legend = alt.Legend(title=None, columns=columns, **symbol) if len(names) > 1 else None
    colour = alt.Scale(domain=list(names))
    shape = alt.Scale(domain=list(names), range=list(SHAPES[: len(names)]))
    dashes = list(DASHES[: len(names)])
    by_name = alt.StrokeDash("series:N", scale=alt.Scale(domain=list(names), range=dashes), legend=legend)
    numbers = list(range(len(names)))
    by_number = alt.StrokeDash("dash:N", scale=alt.Scale(domain=numbers, range=dashes), legend=None)
    stroke = alt.Stroke("series:N", scale=colour, legend=legend)
    return Series(
        {"stroke": stroke, "strokeDash": by_name if is_of_lines else by_number},
        {
            "stroke": stroke,
            "fill": alt.Fill("series:N", scale=colour, legend=legend),
            "shape": alt.Shape("series:N", scale=shape, legend=legend),
        },
    )


def in_words(data: Sequence[dict[str, Any]]) -> str:
    """The extremes, and how many of the figures have an interval."""
    if not data:
        return ""
    least, most = min(data, key=lambda one: one["y"]), max(data, key=lambda one: one["y"])
    sure = sum(one["lo"] is not None for one in data)
    others = sorted({one["provenance"] for one in data} - {"measured"})
    said = f" Some are {listed(others)}, not measured here." if others else ""
    return (
        f"Highest: {most['figure']} ({most['row']}). "
        f"Lowest: {least['figure']} ({least['row']}). "
        f"{sure or 'None'} of {plural(len(data), 'figure', 'figures')} with a 95 % interval.{said}"
    )
