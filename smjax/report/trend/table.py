"""Histories as a table: a line for each step, and one for each row without any."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from smjax.core.numbers import significant
from smjax.core.records.column import Column
from smjax.core.records.columns import COLUMNS
from smjax.report.compare.fields import SHOWN, in_short, shown
from smjax.report.render.grid import NOTHING, Cell, Grid, GridColumn, Row, draw, figure, name_of
from smjax.report.trend.changes import Change, Course
from smjax.report.trend.pictures import pictures

NO_STEP = "no step"
NO_VERDICT = "no verdict"
_COLUMNS = {column.name: column for column in COLUMNS if column.heading}
_ALWAYS = ("model", "threads", "ctx")
_CAPTION = (
    "A step: the level changed between two runs, more clearly than in 95 % of tables without any. "
    "ratio: after / before; spread: between runs of one level; detectable: a step in the middle, 9 times in 10."
)


def table(courses: Sequence[Course], metric: Column) -> Grid:
    """All histories below each other, and pictures of those with a step."""
    drawn, notes = pictures(courses, metric)
    rows = [row for course in courses for row in _rows(course)]
    heading = metric.heading or metric.name
    return draw(f"History of {heading}", [_CAPTION], [*_scenario(courses), *_columns(heading)], rows, notes, drawn)


def _rows(course: Course) -> list[Row]:
    row = {
        **course.scenario,
        "runs": len(course.timeline.points),
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
        "change": change,
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


def _scenario(courses: Sequence[Course]) -> list[GridColumn]:
    names = dict.fromkeys(name for course in courses for name in course.scenario)
    varying = {name for name in names if len({str(course.scenario.get(name)) for course in courses}) > 1}
    return [_field(name) for name in names if name in varying or (name in SHOWN and name != "model_hash")]


def _field(name: str) -> GridColumn:
    def cell(row: Row) -> Cell:
        value = row.get(name)
        return NOTHING if value is None or value == "" else Cell(value, shown(value))

    known = _COLUMNS.get(name)
    heading, numeric = (known.heading, known.kind != "text") if known else (name, False)
    return GridColumn(heading, cell, "any" if name in _ALWAYS else "varies", numeric, role="key")


def _columns(heading: str) -> list[GridColumn]:
    return [
        GridColumn("verdict", name_of("verdict")),
        GridColumn("since", name_of("since"), "any", follows=True),
        GridColumn(f"{heading} before", figure("before"), "any", numeric=True),
        GridColumn("after", figure("after"), "any", numeric=True, follows=True),
        GridColumn("ratio", _ratio, "any", numeric=True, follows=True),
        GridColumn("interval", _interval, "any", numeric=True, follows=True),
        GridColumn("runs", _runs, numeric=True),
        GridColumn("spread", _share("spread"), "any", numeric=True),
        GridColumn("detectable", _share("detectable"), "any", numeric=True),
        GridColumn("changed there", lambda row: _parts(row.get("changed", ())), "any"),
        GridColumn("why", lambda row: _parts(row["why"]), "any", role="remark", parts=True),
    ]


def _parts(texts: Sequence[str]) -> Cell:
    return Cell(tuple(texts), ", ".join(texts))


def _ratio(row: Row) -> Cell:
    return Cell(row["change"].ratio, f"{row['change'].ratio:.4f}") if "change" in row else NOTHING


def _interval(row: Row) -> Cell:
    if "change" not in row:
        return NOTHING
    bounds = row["change"].bounds
    return Cell((bounds.lo, bounds.hi), f"{bounds.lo:.4f} to {bounds.hi:.4f}")


def _runs(row: Row) -> Cell:
    """Before and after a step; all of a history without one."""
    if "change" not in row:
        return Cell(row["runs"], str(row["runs"]))
    step = row["change"].step
    return Cell((step.before, step.after), f"{step.before} and {step.after}")


def _share(key: str) -> Callable[[Row], Cell]:
    return lambda row: NOTHING if row[key] is None else Cell(row[key], f"{significant(row[key] * 100, 2)} %")
