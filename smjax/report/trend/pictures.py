"""Pictures of histories with steps: their runs in the order of time, with a mark for each level."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.core.text import printable
from smjax.report.compare.fields import shown
from smjax.report.compare.metrics import heading_of
from smjax.report.data.names import Names
from smjax.report.render.picture import Picture
from smjax.report.trend.changes import Course

MOST = 6
"""Pictures of a table."""
_MARKS = "ox"
"""Of levels in turn."""


def pictures(courses: Sequence[Course]) -> tuple[list[Picture], list[str]]:
    """A picture for each history with a step, and a note on those that are left out."""
    stepped = [course for course in courses if course.changes]
    drawn = [
        Picture(
            _caption(course, courses),
            tuple(course.timeline.values),
            _marks(course),
            f"runs in the order of time; {' and '.join(_MARKS)} are levels in turn",
        )
        for course in stepped[:MOST]
    ]
    left = len(stepped) - len(drawn)
    return drawn, [f"and {left} more with a step; name fewer folders to see them"] if left else []


def _caption(course: Course, courses: Sequence[Course]) -> str:
    timeline = course.timeline
    return f"{_name(course, courses)}: {heading_of([timeline.metric])} of its {len(timeline.points)} runs"


def _name(course: Course, courses: Sequence[Course]) -> str:
    """As rows are called, and what else tells a history from others of that name."""
    scenarios = [other.scenario for other in courses]
    names = Names(scenarios)
    name = names.of(course.scenario)
    twins = [scenario for scenario in scenarios if names.of(scenario) == name]
    apart = [field for field in course.scenario if len({str(twin.get(field)) for twin in twins}) > 1]
    return ", ".join([name, *(f"{printable(field)} {shown(course.scenario[field])}" for field in apart)])


def _marks(course: Course) -> str:
    levels = [
        sum(change.step.first <= place for change in course.changes) for place in range(len(course.timeline.points))
    ]
    return "".join(_MARKS[level % len(_MARKS)] for level in levels)
