"""Histories as a table: a line for each step, and one for each row without any."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.report.compare import cells
from smjax.report.compare.fields import in_short
from smjax.report.compare.metrics import heading_of
from smjax.report.render.grid import Cell, Grid, GridColumn, Row, draw, figure, name_of
from smjax.report.render.in_order import FEWEST, InOrder
from smjax.report.trend.changes import Change, Course
from smjax.report.trend.pictures import pictures

NO_STEP = "no step"
NO_VERDICT = "no verdict"
_CAPTION = (
    "A step: the level changed between two runs, more clearly than in 95 % of tables without any. "
    "ratio: after / before; spread: between runs of one level; detectable: a step in the middle, 9 times in 10."
)


def table(courses: Sequence[Course]) -> Grid:
    """All histories below each other, and pictures of those with a step."""
    drawn, notes = pictures(courses)
    rows = [row for course in courses for row in _rows(course)]
    metrics = [course.timeline.metric for course in courses]
    heading = heading_of(metrics)
    columns = [*cells.keys([course.scenario for course in courses]), *cells.figures(metrics), *_columns(heading)]
    return draw(f"History of {heading}", [_CAPTION], columns, rows, notes, drawn)


def _rows(course: Course) -> list[Row]:
    row = {
        **course.scenario,
        "figure": heading_of([course.timeline.metric]),
        "runs": (len(course.timeline.points),),
        "course": course,
        "why": course.why,
        "spread": course.steps.spread,
        "detectable": course.steps.detectable,
    }
    if not course.changes:
        return [row | {"verdict": NO_STEP if course.steps.is_judged else NO_VERDICT}]
    return [row | _of_change(change) for change in course.changes]


def _of_change(change: Change) -> Row:
    return {
        "verdict": str(change.verdict),
        "before": change.step.was,
        "ratio": change.ratio,
        "bounds": change.bounds,
        "runs": (change.step.before, change.step.after),
        "after": change.step.now,
        "since": change.since.date[:16].replace("T", " "),
        "changed": _what_changed(change),
    }


def _what_changed(change: Change) -> tuple[str, ...]:
    """There; where that was nothing, what did beside it, as a step may be found a run off."""
    if change.changed:
        return in_short(change.changed)
    beside = [f"{where}: {text}" for where, found in change.beside.items() for text in in_short(found)]
    return ("nothing that records know", *beside)


def _columns(heading: str) -> list[GridColumn]:
    return [
        GridColumn("verdict", lambda row: cells.verdict(row["verdict"])),
        GridColumn("since", name_of("since"), "any", follows=True),
        GridColumn(f"{heading} before", figure("before"), "any", numeric=True),
        GridColumn("after", figure("after"), "any", numeric=True, follows=True),
        GridColumn("ratio", lambda row: cells.ratio(row.get("ratio")), "any", numeric=True, follows=True),
        GridColumn(
            "interval",
            lambda row: cells.interval(row.get("bounds"), row.get("ratio")),
            "any",
            numeric=True,
            follows=True,
        ),
        GridColumn("runs", _runs, numeric=True),
        GridColumn("spread", lambda row: cells.share(row["spread"]), "any", numeric=True),
        GridColumn("detectable", lambda row: cells.share(row["detectable"]), "any", numeric=True),
        GridColumn("changed there", lambda row: cells.parts(row.get("changed", ())), "any"),
        GridColumn("why", lambda row: cells.parts(row["why"]), "any", role="remark", parts=True),
    ]


def _runs(row: Row) -> Cell:
    """Before and after a step; all of a history without one."""
    runs = row["runs"]
    return Cell(runs, " and ".join(map(str, runs)), drawn=_in_order(row["course"]))


def _in_order(course: Course) -> InOrder | None:
    values = course.timeline.values
    if len(values) < FEWEST:
        return None
    since = {change.step.first for change in course.changes}
    marked = tuple(place in since for place in range(len(values)))
    return InOrder(tuple(values), marked, f"{heading_of([course.timeline.metric])} of each run", "a step")
