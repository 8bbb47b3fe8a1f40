"""The one figure of a process by which a plan decides: decode tok/s, or calls a second over all that it measured."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import geometric_mean, median

from smjax.core.records.point import CallSample, PointAnswer
from smjax.core.records.record import Record
from smjax.core.records.scenario import Scenario
from smjax.stats import rates


def figure_of(record: Record) -> float | None:
    """Of a process that finished ok; None where it timed nothing."""
    if not record.ok:
        return None
    if record.scenario.points:
        return calls_per_s(record.points)
    n_gen = record.scenario.n_gen
    return rates.of_process(rates.decode_tok_per_s(n_gen, sample.decode_ns) for sample in record.samples)


def calls_per_s(points: Iterable[PointAnswer]) -> float | None:
    """The geometric mean over a process's points, in which each counts alike however long its calls take."""
    each = [ns for point in points if point.status == "ok" and (ns := median_ns(point.samples))]
    return 1e9 / geometric_mean(each) if each else None


def median_ns(samples: Iterable[CallSample]) -> float | None:
    """Of a call in the loop, where there is one, else from Python; None where no time was seen."""
    known = list(samples)
    for each in ([one.loop_ns for one in known], [one.call_ns for one in known]):
        if seen := [ns for ns in each if ns]:
            return median(seen)
    return None


def unit(scenario: Scenario) -> str:
    """What the figure is counted in."""
    return "calls/s" if scenario.points else "tok/s"
