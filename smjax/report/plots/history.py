"""A figure's history: a mark for each run in the order of time, the levels that it had, and where it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from smjax.core.numbers import plural, significant
from smjax.core.text import printable
from smjax.report.compare.fields import in_words
from smjax.report.compare.metrics import metrics_of
from smjax.report.compare.sides import runs_of
from smjax.report.data.contents import Contents
from smjax.report.plots.axes import numbered, title_of
from smjax.report.plots.drawing import HEIGHT_PX, chart, edge, spec
from smjax.report.plots.names import apart
from smjax.report.plots.plot import Plot
from smjax.report.plots.points import LONGEST, mark, needed, there, tooltip
from smjax.report.plots.provenance import points
from smjax.report.plots.theme import FAINT
from smjax.report.trend.changes import Change, Course, courses
from smjax.report.trend.timelines import Point, timelines

_LEAST = 3
"""Runs."""
_MOST = 4
"""Histories, each with a picture: those with steps first."""


def make(contents: Contents) -> Sequence[Plot]:
    """One for each row that several runs have."""
    if contents.is_pooled or len({record.run for record in contents.records}) < _LEAST:
        return []
    found = courses(timelines(runs_of([contents.records]), metrics_of(contents.records)))
    long = [course for course in found if len(course.timeline.points) >= _LEAST]
    drawn = sorted(long, key=lambda course: not course.changes)[:_MOST]
    names = apart([course.scenario for course in drawn])
    rows = _rows(contents, drawn)
    more = f" ({len(drawn)} of {len(long)} histories)" if len(long) > len(drawn) else ""
    numbered = enumerate(zip(drawn, names, strict=True))
    return [_plot(course, f"{name}{more}", number, rows) for number, (course, name) in numbered]


def _rows(contents: Contents, drawn: Sequence[Course]) -> dict[int, dict[str, Any]]:
    """By the identity of the first record of each run its row."""
    firsts = {id(point.records[0]) for course in drawn for point in course.timeline.points}
    numbers = [number for number, record in enumerate(contents.records) if id(record) in firsts]
    columns = dict.fromkeys(name for course in drawn for name in needed(course.timeline.metric.name))
    first = pl.col("record_numbers").list.set_intersection(pl.lit(numbers, pl.List(pl.Int64))).alias("_first")
    rows = (
        contents.rows.select(*there(contents.rows, columns), first).filter(pl.col("_first").list.len() > 0).to_dicts()
    )
    return {id(contents.records[number]): row for row in rows for number in row["_first"]}


def _plot(course: Course, called: str, number: int, rows: Mapping[int, dict[str, Any]]) -> Plot:
    name = course.timeline.metric.name
    marks = [
        _mark(point, course, rows[id(point.records[0])]) | {"x": n} for n, point in enumerate(course.timeline.points, 1)
    ]
    title = f"History of {title_of(name).lower()}, {called}"
    drawn = spec(_chart(marks, course, title_of(name)))
    return Plot(f"history{f'-{number + 1}' if number else ''}", title, _in_words(course, marks), drawn)


def _mark(point: Point, course: Course, row: dict[str, Any]) -> dict[str, Any]:
    """The run's level, with its row's interval unless there is something to be said of the figures: it is of others."""
    name = course.timeline.metric.name
    told = mark(row | {name: point.value}, name, point.date)
    if course.timeline.said:
        told |= {"lo": None, "hi": None, "interval": "not of this figure"}
    return told | {"date": point.date[:16].replace("T", " "), "run": printable(point.records[0].run, 60)}


def _chart(marks: Sequence[dict[str, Any]], course: Course, title: str) -> Any:
    import altair as alt

    ends = [one[end] for one in marks for end in ("y", "lo", "hi")]
    y = alt.Y("y:Q", title=title, scale=_around(ends), axis=alt.Axis(tickCount=5))
    x = numbered("Runs in the order of time", len(marks))
    base = chart(marks)
    bars = base.mark_rule().encode(x=x, y=alt.Y("lo", type="quantitative"), y2=alt.Y2("hi"))
    line = base.mark_line(style=FAINT, strokeWidth=1).encode(x=x, y=y)
    done = points(base, marks, x=x, y=y, tooltip=tooltip(title, {"date": "Date", "run": "Run"}))
    bars = bars.transform_filter(alt.FieldValidPredicate(field="lo", valid=True))
    return alt.layer(line, *_levels(course, marks, x, y), bars, *done).properties(width="container", height=HEIGHT_PX)


def _around(ends: Sequence[float | None]) -> Any:
    """Not from zero: a step of few per cent is what is looked for. It shows a tenth at least."""
    import altair as alt

    known = [end for end in ends if end is not None]
    middle = (min(known) + max(known)) / 2
    domain = [min(*known, middle * 0.95), max(*known, middle * 1.05)]
    return alt.Scale(zero=False, domain=domain, nice=True, padding=6)


def _levels(course: Course, marks: Sequence[dict[str, Any]], x: Any, y: Any) -> list[Any]:
    """A line for each level between changes, and over each change how large it is."""
    import altair as alt

    if not course.changes:
        return []
    edges = [0, *(change.step.first for change in course.changes), len(marks)]
    figures_of = [course.changes[0].step.was, *(change.step.now for change in course.changes)]
    levels = [
        {"x": edges[place] + 0.5, "x2": edges[place + 1] + 0.5, "y": figure} for place, figure in enumerate(figures_of)
    ]
    said = [{"x": change.step.first + 0.5, "said": _size(change)} for change in course.changes]
    steps = chart(said)
    return [
        chart(levels).mark_rule(strokeWidth=3, opacity=0.4).encode(x=x, x2=alt.X2("x2"), y=y),
        steps.mark_rule(strokeDash=[3, 3]).encode(x=x),
        steps.mark_text(align="left", dx=4, baseline="top").encode(
            x=x, y=edge("y"), text=alt.Text("said", type="nominal")
        ),
    ]


def _size(change: Change) -> str:
    return f"{change.ratio - 1:+.1%}".replace("%", " %").replace("-", "\N{MINUS SIGN}")


def _in_words(course: Course, marks: Sequence[dict[str, Any]]) -> str:
    runs = plural(len(marks), "run", "runs")
    if not course.changes:
        able = course.steps.detectable
        size = f" of {significant(able * 100, 2)} % or more" if able else ""
        why = f": {'; '.join(course.why)}" if course.why else ""
        return f"{runs}, no step{size} was found{printable(why, LONGEST)}."
    said = [
        f"{change.verdict} by {_size(change)} since {change.since.date[:10]} "
        f"({printable('; '.join(in_words(change.changed, 3)) or 'nothing that is known changed', LONGEST)})"
        for change in course.changes
    ]
    return f"{runs}. {'; '.join(said)}."
