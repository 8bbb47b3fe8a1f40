"""What a microbenchmark's process has: one kernel, its setup, and what measures a point with it."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.core.records.answer import Ran
from smjax.core.records.point import Point, PointAnswer
from smjax.core.records.request import Request
from smjax.worker.engines.smjax.compilation import versions
from smjax.worker.micro.peaks import close
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.timing import measure_point
from smjax.worker.micro.user import digest_of_module


def make(request: Request) -> Harness:
    """For the process that was asked this."""
    return Harness(request)


class Harness:
    """See `smjax.worker.tasks.micro.Harness`."""

    def __init__(self, request: Request) -> None:
        self._setup = MicroSetup.of(request)
        self._resolved = request.resolved

    def find(self, functions: Sequence[str]) -> dict[str, str]:
        return {name: digest_of_module(name) for name in functions}

    def measure(self, point: Point, seconds: float) -> PointAnswer:
        return measure_point(point, self._setup, seconds)

    def close(self, points: Sequence[PointAnswer]) -> None:
        close(points, self._setup.peaks)

    def ran(self) -> Ran:
        return Ran(self._resolved.kernel, self._setup.kernel.isa, self._resolved.kv_dtype)

    def versions(self) -> dict[str, str]:
        return versions()
