"""The figure of a microbenchmark's process: each point counts alike, by the loop where that was timed."""

from __future__ import annotations

import pytest

from smjax.core.records.point import CallSample, Point, PointAnswer
from smjax.sweep.plan.figure import calls_per_s, median_ns


def answer(*samples: CallSample, status: str = "ok") -> PointAnswer:
    return PointAnswer(Point("gemm", "f32:8x8x8"), status, samples=list(samples))


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([], None),
        ([CallSample(None, 0.0)], None),  # a clock that stood still
        ([CallSample(5, 1), CallSample(7, 3), CallSample(9, None)], 2),
        ([CallSample(5), CallSample(7), CallSample(90)], 7),
    ],
)
def test_a_call_of_a_point(samples: list[CallSample], expected: float | None) -> None:
    assert median_ns(samples) == expected


def test_a_point_of_long_calls_counts_as_much_as_one_of_short_ones() -> None:
    short, long = answer(CallSample(9, 10)), answer(CallSample(1000))
    assert calls_per_s([short, long]) == pytest.approx(1e9 / 100)
    assert calls_per_s([short, long, answer(CallSample(1), status="failed"), answer()]) == pytest.approx(1e9 / 100)
    assert calls_per_s([answer(), answer(CallSample(1), status="failed")]) is None
