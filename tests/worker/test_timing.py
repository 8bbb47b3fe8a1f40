"""How many answers are timed."""

from __future__ import annotations

import pytest

from smjax.core.records.scenario import Measure
from smjax.worker.timing import Sample, answers_to_time

MS = 1_000_000


@pytest.mark.parametrize(
    ("iterations", "answer_ms", "expected"),
    [(3, 1, 3), (7, None, 7), (None, 20, 50), (None, 19.9, 51), (None, 5000, 5), (None, 0.1, 1000), (None, None, 5)],
)
def test_as_many_as_were_asked_for_or_as_fill_the_time(
    iterations: int | None, answer_ms: float | None, expected: int
) -> None:
    measure = Measure(1, iterations, 1, 600.0, sampling_s=1.0)
    slow_start = Sample(900 * MS, 900 * MS, None, None)
    warmup = (
        [] if answer_ms is None else [slow_start, Sample(int(answer_ms * MS / 2), int(answer_ms * MS / 2), None, None)]
    )
    assert answers_to_time(measure, warmup) == expected
