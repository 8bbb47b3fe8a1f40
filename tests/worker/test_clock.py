"""The clock is what cores did around the timed answers, all threads alike."""

from __future__ import annotations

import pytest

from smjax.core.records.answer import Clock, Probes
from smjax.worker.tasks.measure import clock


def test_each_thread_counts_by_its_median() -> None:
    warmup = [[1.0, 1.0]] * 3
    timed = [[3.0, 4.0], [3.2, 4.0], [0.5, 4.2], [3.2, 4.2]]
    assert clock(Probes([*warmup, *timed]), 3, [0, 1]) == Clock(3.6, "measured")


@pytest.mark.parametrize(
    ("cpus", "ghz", "expected"), [([2], 2.45, Clock(2.45, "read")), ([2], None, Clock()), ([], 2.45, Clock())]
)
def test_without_probes_it_is_what_the_system_says(
    cpus: list[int], ghz: float | None, expected: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(clock.__globals__, "read_ghz", lambda cpu: ghz)
    assert clock(None, 3, cpus) == expected
