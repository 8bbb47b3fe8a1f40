"""A microbenchmark: all points of one process in random order, each failing by itself, watched like a measurement."""

from __future__ import annotations

import importlib
import random
from collections.abc import Sequence
from typing import Protocol

from smjax.core.records.answer import Ran
from smjax.core.records.point import Point, PointAnswer
from smjax.core.records.request import FIND, Request
from smjax.worker.surroundings import Surroundings
from smjax.worker.tasks.measure import clock, read_memory
from smjax.worker.tasks.session import Session


class AllFailedError(Exception):
    """Of no point is there a figure."""


class Harness(Protocol):
    """What measures points with one kernel; see `smjax.worker.micro`."""

    def find(self, functions: Sequence[str]) -> dict[str, str]:
        """Digests of the modules that have these functions of a user's; raises RequestError for one that is none."""

    def measure(self, point: Point, seconds: float) -> PointAnswer:
        """Within about so many seconds of timing; a point that fails says why."""

    def close(self, points: Sequence[PointAnswer]) -> None:
        """After the last: put into them what the machine can do at best."""

    def ran(self) -> Ran:
        """What it computed with."""

    def versions(self) -> dict[str, str]:
        """Of what computes, as it says of itself, by package."""


def measure_points(session: Session) -> None:
    """Measure what is asked for, or only find the user's functions."""
    session.begin()
    session.say("import")
    harness = _harness(session.request)
    session.imported()
    points = session.scenario.points
    if session.request.step == FIND:
        session.answer.prepared = harness.find([point.op for point in points])
        return
    session.answer.versions |= harness.versions()
    _measure(session, harness, in_random_order(points, session.request.order))


def in_random_order(points: Sequence[Point], drawn_from: str) -> list[Point]:
    """So that none is always measured behind the same other one."""
    return random.Random(drawn_from).sample(points, len(points))


def _measure(session: Session, harness: Harness, points: Sequence[Point]) -> None:
    answer, seconds = session.answer, session.scenario.measure.sampling_s / len(points)
    surroundings = Surroundings(session.request.cpus, session.scenario.threads)
    for place, point in enumerate(points):
        session.say(f"{point.op} {point.shape}, {place + 1} of {len(points)}")
        surroundings.look()
        one = harness.measure(point, seconds)
        one.place = place
        answer.points.append(one)
    surroundings.look()
    around = surroundings.close()
    session.phase_done("measure")
    answer.threads.cpu_ns, answer.readings, answer.probes = around.thread_cpu_ns, around.readings, around.probes
    answer.ghz = clock(around.probes, len(points), answer.threads.affinity)
    read_memory(session, None)
    session.say("peaks")
    harness.close(answer.points)
    answer.resolved = harness.ran()
    _raise_if_all_failed(answer.points)


def _raise_if_all_failed(points: Sequence[PointAnswer]) -> None:
    if all(point.status != "ok" for point in points):
        more = f"; and {len(points) - 1} more failed" if len(points) > 1 else ""
        raise AllFailedError(f"{points[0].point.op} {points[0].point.shape}: {points[0].reason}{more}")


def _harness(request: Request) -> Harness:
    """Imported only now, and by nobody else: it brings JAX."""
    made: Harness = importlib.import_module("smjax.worker.micro.harness").make(request)
    return made
