"""The process of a microbenchmark: every point once, in an order of its own, each failing by itself."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from smjax.core.records.answer import Ran
from smjax.core.records.point import CallSample, Point, PointAnswer
from smjax.core.records.request import FIND, Request
from smjax.worker.tasks import Session
from smjax.worker.tasks import micro as task
from tests.sweep.points import chosen
from tests.worker.models import scenario

POINTS = tuple(Point("gemm", f"f32:{size}x8x8") for size in range(1, 8))


class FakeHarness:
    def __init__(self, failing: Sequence[Point]) -> None:
        self.failing, self.seconds, self.closed = failing, list[float](), 0

    def find(self, functions: Sequence[str]) -> dict[str, str]:
        return dict.fromkeys(functions, "digest")

    def measure(self, point: Point, seconds: float) -> PointAnswer:
        self.seconds.append(seconds)
        is_bad = point in self.failing
        return PointAnswer(point, *(("failed", "no") if is_bad else ()), samples=[] if is_bad else [CallSample(2, 1)])

    def close(self, points: Sequence[PointAnswer]) -> None:
        self.closed += 1

    def ran(self) -> Ran:
        return Ran("xla", "avx2", "float16")

    def versions(self) -> dict[str, str]:
        return {"jax": "1.2"}


def session(
    monkeypatch: pytest.MonkeyPatch, harness: FakeHarness, order: str = "1 0 0", step: str | None = None
) -> Session:
    monkeypatch.setattr(task, "_harness", lambda request: harness)
    request = Request("micro", chosen(scenario(points=POINTS)), order=order, step=step)
    return Session(request, lambda phase: None)


def test_every_point_is_measured_once_in_an_order_that_its_request_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    orders = []
    for order in ("1 0 0", "1 1 0", "1 0 0"):
        harness = FakeHarness(POINTS[:2])
        one = session(monkeypatch, harness, order)
        task.measure_points(one)
        found = one.answer.points
        assert sorted((point.point for point in found), key=POINTS.index) == list(POINTS)
        assert [point.place for point in found] == list(range(7))
        assert {point.point for point in found if point.status != "ok"} == {*POINTS[:2]}
        assert harness.seconds == [one.scenario.measure.sampling_s / 7] * 7
        assert (harness.closed, one.answer.resolved) == (1, Ran("xla", "avx2", "float16"))
        assert one.answer.versions["jax"] == "1.2"
        assert one.answer.readings is not None
        orders.append([point.point for point in found])
    assert orders[0] == orders[2] != orders[1]
    assert list(POINTS) not in orders


def test_a_process_in_which_all_fail_has_failed_and_keeps_what_each_said(monkeypatch: pytest.MonkeyPatch) -> None:
    one = session(monkeypatch, FakeHarness(POINTS))
    with pytest.raises(task.AllFailedError, match=r"gemm f32:.x8x8: no; and 6 more failed$"):
        task.measure_points(one)
    assert [point.reason for point in one.answer.points] == ["no"] * 7


def test_a_users_functions_are_only_found_where_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    one = session(monkeypatch, FakeHarness(()), step=FIND)
    task.measure_points(one)
    assert (one.answer.prepared, one.answer.points) == ({"gemm": "digest"}, [])
