"""A process whose cores were shared is disturbed, judged by what the machine has shown at its best."""

from __future__ import annotations

import pytest

from smjax.core.machine.disturbances import COUNTERS
from smjax.core.records.answer import Answer, Probes, Threads
from smjax.sweep.run.record import disturbances_of

READINGS = dict.fromkeys(COUNTERS)
AROUND = {
    "before": {**READINGS, "monotonic_ns": 0, "cpus": [0, 1]},
    "after": {**READINGS, "monotonic_ns": 10**9, "cpus": [0, 1]},
    "own_cpu_ns": 10**9,
    "involuntary_switches": 0,
}
ALWAYS, SELDOM, NEVER = [[3.6, 2.2]] * 9, [[3.6, 2.2], *[[3.6, 3.6]] * 8], [[3.6, 3.5]] * 9


@pytest.mark.parametrize(
    ("moments", "best", "expected"),
    [
        (ALWAYS, 3.6, ["core shared with a neighbour 100 % of the time"]),
        (SELDOM, 3.6, []),
        (NEVER, 3.6, []),
        (NEVER, 5.0, ["core shared with a neighbour 100 % of the time"]),
        (ALWAYS, None, []),
    ],
)
def test_it_takes_one_core_and_a_best(moments: list[list[float]], best: float | None, expected: list[str]) -> None:
    answer = Answer(readings=AROUND, probes=Probes(additions_per_cycle=moments), threads=Threads([0, 1]))
    assert disturbances_of(answer, 2, best) == expected


def test_nothing_is_known_without_probes_or_readings() -> None:
    assert disturbances_of(Answer(readings=AROUND), 2, 3.6) == disturbances_of(Answer(), 2, 3.6) == []
