"""The steps of a row's history as values: how large, since when, and what changed there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smjax.core.records.column import Column
from smjax.report.compare.fields import Differences, alike_in, asked, differences, machine_of, shown_of
from smjax.report.trend.timelines import Point, Timeline
from smjax.stats import ratios, steps
from smjax.stats.intervals import LEVEL
from smjax.stats.steps import FALSE_ALARMS, Step, Steps
from smjax.stats.verdicts import Bounds, Verdict

_BESIDE = {"a run before": -1, "a run later": 1}
"""A step is found at its run or at the one beside it."""


@dataclass(frozen=True)
class Change:
    """A step, and what is known of it."""

    step: Step
    since: Point
    """The first run after it."""
    ratio: float
    bounds: Bounds
    verdict: Verdict
    changed: Differences
    """Between the last run before it and the first after it."""
    beside: dict[str, Differences]
    """The same between the two runs before and the two after, by where that is."""


@dataclass(frozen=True)
class Course:
    """A row's history, and the steps in it."""

    timeline: Timeline
    scenario: dict[str, Any]
    """What its runs agree in, of what was asked for."""
    steps: Steps
    changes: tuple[Change, ...]
    why: tuple[str, ...]


def courses(timelines: Sequence[Timeline]) -> list[Course]:
    """The steps of each history.

    The chance of a false step is that of all of them together, and the steps' intervals hold all at once (Bonferroni).
    """
    judged = sum(len(timeline.points) >= steps.least_runs() for timeline in timelines)
    found = [steps.find(timeline.values, FALSE_ALARMS / max(1, judged)) for timeline in timelines]
    level = 1 - (1 - LEVEL) / max(1, sum(len(one.found) for one in found))
    return [_course(timeline, one, level) for timeline, one in zip(timelines, found, strict=True)]


def _course(timeline: Timeline, found: Steps, level: float) -> Course:
    firsts = [point.records[0] for point in timeline.points]
    record, agreed = firsts[0], alike_in(firsts)
    wanted = [name for name in asked(record) if not name.startswith("engine_args.")]
    names = dict.fromkeys((*shown_of(record), *wanted, "engine args", "machine", "provenance"))
    changes = [_change(timeline.points, step, timeline.metric, level) for step in found.found]
    unsure = "" if record.machine else f"{machine_of(record)}, told apart by its type alone"
    why = tuple(filter(None, (found.reason, *timeline.said, unsure)))
    return Course(timeline, {name: agreed.get(name) for name in names}, found, tuple(changes), why)


def _change(points: Sequence[Point], step: Step, metric: Column, level: float) -> Change:
    ratio = ratios.of_estimate(step.size, level)
    bounds = Bounds.of(ratio)
    assert bounds is not None
    assert ratio.ratio is not None
    faster = (ratio.ratio > 1) == (metric.better == "higher")
    beside = {name: _between(points, step.first + offset) for name, offset in _BESIDE.items()}
    return Change(
        step,
        points[step.first],
        ratio.ratio,
        bounds,
        Verdict.FASTER if faster else Verdict.SLOWER,
        _between(points, step.first),
        {name: found for name, found in beside.items() if found},
    )


def _between(points: Sequence[Point], place: int) -> Differences:
    """What a run has otherwise than the one before it."""
    if not 0 < place < len(points):
        return {}
    return differences(points[place - 1].records, points[place].records)
