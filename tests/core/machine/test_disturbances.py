"""Every disturbance is named with its figure, and an undisturbed worker has none, whatever the ticks did."""

from __future__ import annotations

import mmap
from typing import Any

import pytest

from smjax.core.machine.disturbances import COUNTERS, changes, disturbances, working_threads

UNKNOWN: dict[str, Any] = dict.fromkeys(COUNTERS)
BEFORE: dict[str, Any] = UNKNOWN | {
    "monotonic_ns": 5 * 10**9,
    "cpus": [2, 3],
    "busy_ms": [50_000, 70_000],
    "steal_ms": [400, 30],
    "throttled_ms": 800.0,
    "memory_pressure_us": 4_000,
    "cpu_pressure_us": 9_000,
    "swapped_in_pages": 5,
    "swapped_out_pages": 6,
    "heat_throttles": 3,
}
OWN_NS = 3_950_000_000


def after(**more: Any) -> dict[str, Any]:
    """2 seconds later on both CPUs, all but 50 ms of them used by the worker itself; `more` is what else there was."""
    later = BEFORE | {"monotonic_ns": 7 * 10**9, "busy_ms": [52_000, 71_990]}
    for name, value in more.items():
        old = BEFORE[name]
        later[name] = [number + value for number in old] if isinstance(old, list) else old + value
    return later


def test_an_undisturbed_worker() -> None:
    assert disturbances(BEFORE, after(), OWN_NS, threads=2, switches=200) == []


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"steal_ms": 82}, "steal 4.1 %"),
        ({"throttled_ms": 120.0}, "throttled 120 ms"),
        ({"busy_ms": 2_215}, "other processes 12 % of the cores"),
        ({"memory_pressure_us": 60_000}, "tasks waited for memory 3.0 % of the time"),
        ({"swapped_out_pages": 3_000_000 // mmap.PAGESIZE}, "swapped 3 MB"),
        ({"heat_throttles": 2}, "slowed down for heat 2 times"),
    ],
)
def test_a_disturbed_worker(more: dict[str, Any], reason: str) -> None:
    assert disturbances(BEFORE, after(**more), OWN_NS, threads=2, switches=0) == [reason]


def test_involuntary_switches_count_for_each_thread() -> None:
    assert disturbances(BEFORE, after(), OWN_NS, threads=1, switches=600) == ["involuntary switches 300/s of a thread"]
    assert disturbances(BEFORE, after(), OWN_NS, threads=2, switches=600) == ["involuntary switches 150/s of a thread"]
    assert disturbances(BEFORE, after(), OWN_NS, threads=4, switches=6000) == []  # on 2 CPUs, by each other


def test_several_disturbances_are_all_named() -> None:
    found = disturbances(BEFORE, after(steal_ms=200, throttled_ms=50.0), None, threads=1, switches=None)
    assert found == ["steal 10.0 %", "throttled 50 ms"]


def test_a_tick_in_a_short_window_is_no_disturbance() -> None:
    later = after(busy_ms=20, steal_ms=10) | {"monotonic_ns": BEFORE["monotonic_ns"] + 100_000_000}
    assert disturbances(BEFORE, later, own_cpu_ns=0, threads=2, switches=None) == []


def test_more_time_of_its_own_than_the_cpus_tell() -> None:
    assert changes(BEFORE, after(), own_cpu_ns=9 * 10**9)["others_pct"] == 0


def test_nothing_known_is_nothing_found() -> None:
    before, later = ({**UNKNOWN, "monotonic_ns": ns, "cpus": []} for ns in (0, 10**9))
    assert disturbances(before, later, 10**9, threads=4, switches=None) == []
    assert disturbances(before, later, 10**9, threads=4, switches=4000) == ["involuntary switches 1000/s of a thread"]
    assert changes(before, BEFORE, 0) == {}


@pytest.mark.parametrize(
    ("cpu_ms", "working"),
    [
        ({}, 0),
        ({"1 python": 2000}, 1),
        ({"1 python": 1300, "2 tf_XLAEigen": 700}, 2),
        ({"1 python": 1990, "2 pool": 39}, 1),
    ],
)
def test_threads_that_work_are_those_with_a_part_of_the_time(cpu_ms: dict[str, int], working: int) -> None:
    cpu_ns = {name: ms * 10**6 for name, ms in cpu_ms.items()}
    assert working_threads(cpu_ns, BEFORE, after()) == working


def test_more_working_threads_than_cpus_push_each_other_off() -> None:
    """As XLA's caller and its pool do; beside as many as there are CPUs it is somebody else."""
    assert disturbances(BEFORE, after(), OWN_NS, threads=3, switches=20_000) == []
    assert disturbances(BEFORE, after(), OWN_NS, threads=2, switches=20_000) != []
