"""Pictures of histories with steps: their runs in the order of time, with a mark for each level."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.core.records.column import Column
from smjax.report.data.names import name_row
from smjax.report.render.picture import Picture
from smjax.report.trend.changes import Course

MOST = 6
"""Pictures of a table."""
_MARKS = "ox"
"""Of levels in turn."""


def pictures(courses: Sequence[Course], metric: Column) -> tuple[list[Picture], list[str]]:
    """A picture for each history with a step, and a note on those that are left out."""
    stepped = [course for course in courses if course.changes]
    scenarios = [course.scenario for course in courses]
    heading = metric.heading or metric.name
    drawn = [
        Picture(
            f"{name_row(course.scenario, scenarios)}: {heading} of its {len(course.timeline.points)} runs",
            tuple(course.timeline.values),
            _marks(course),
            f"runs in the order of time; {' and '.join(_MARKS)} are levels in turn",
        )
        for course in stepped[:MOST]
    ]
    left = len(stepped) - len(drawn)
    return drawn, [f"and {left} more with a step; name fewer folders to see them"] if left else []


def _marks(course: Course) -> str:
    levels = [
        sum(change.step.first <= place for change in course.changes) for place in range(len(course.timeline.points))
    ]
    return "".join(_MARKS[level % len(_MARKS)] for level in levels)
