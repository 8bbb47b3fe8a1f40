"""Each finding is what its figures say, names what to do where it is not well, and is unknown where nothing is told."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from smjax.core.machine.disturbances import COUNTERS
from smjax.doctor import Finding, events, noisy, settings
from smjax.doctor.window import Busy, Window, watch

START: dict[str, Any] = dict.fromkeys((*COUNTERS, "throttled_periods", "temperature_c", "load", "turbo")) | {
    "monotonic_ns": 0,
    "cpus": [0, 1],
    "available_bytes": 8 * 10**9,
}


def window(before: dict[str, Any] | None = None, after: dict[str, Any] | None = None, **more: Any) -> Window:
    """A second on a machine that tells nothing but what is given."""
    return Window(START | (before or {}), START | {"monotonic_ns": 10**9} | (after or {}), **more)


def judged(finding: Finding) -> tuple[str, str]:
    assert bool(finding.advice) == (finding.severity in ("note", "noisy"))
    return finding.severity, finding.found


def test_what_is_not_told_is_unknown() -> None:
    blind = window(after={"cpus": []}, before={"cpus": []})
    names = [finding.name for finding in events.findings(blind) if finding.severity == "unknown"]
    assert names == ["steal", "shared core", "throttling", "busy CPUs", "load", "pressure", "temperature"]
    nothing = (settings.governors(set()), settings.turbo(None), settings.smt(set(), {}), settings.numa([]))
    assert {judged(finding) for finding in nothing} == {("unknown", "not told here")}
    assert noisy([*events.findings(blind), *nothing]) == []


def test_governors() -> None:
    assert judged(settings.governors({"performance"})) == ("ok", "performance")
    severity, found = judged(settings.governors({"powersave", "performance"}))
    assert (severity, found.split(":")[0]) == ("note", "performance, powersave")


def test_turbo() -> None:
    assert judged(settings.turbo(False)) == ("ok", "off")
    assert settings.turbo(True).severity == "note"


def test_smt() -> None:
    pair, alone = frozenset({0, 4}), frozenset({1})
    assert settings.smt({alone}, {}).severity == "ok"
    assert judged(settings.smt({pair, alone}, {4: 3.0})) == ("note", "1 of 2 cores have several CPUs")
    severity, found = judged(settings.smt({pair}, {4: 37.4, 5: 1.0}))
    assert severity == "noisy"
    assert found.endswith(": CPU 4 37 %")


@pytest.mark.parametrize(("quota", "severity"), [(None, "ok"), (4.0, "ok"), (8.0, "ok"), (1.5, "note"), (0.5, "noisy")])
def test_a_cpu_limit_that_xla_does_not_see(quota: float | None, severity: str) -> None:
    assert judged(settings.cpu_limit(quota, 4))[0] == severity


def test_the_advice_for_a_cpu_limit_stays_within_it() -> None:
    assert settings.cpu_limit(1.9, 4).advice.startswith("threads=1,")


def test_numa_and_guests() -> None:
    assert settings.numa([frozenset({0, 1})]).severity == "ok"
    assert judged(settings.numa([frozenset({0}), frozenset({1})]))[0] == "note"
    assert judged(settings.guest_of(None)) == ("ok", "none")
    assert judged(settings.guest_of("KVM"))[0] == "note"


def test_a_core_that_somebody_unseen_shares() -> None:
    alone, shared = [3.6, 3.5], [3.6, 2.2]
    assert judged(events.shared_core([alone] * 9 + [shared], 3.6)) == ("ok", "10 % of the time with somebody unseen")
    assert judged(events.shared_core([alone] * 7 + [shared] * 3, 3.6))[0] == "noisy"
    assert judged(events.shared_core([shared] * 9, 3.6)) == ("noisy", "100 % of the time with somebody unseen")
    assert (
        judged(events.shared_core([alone], None)) == judged(events.shared_core([], 3.6)) == ("unknown", "not told here")
    )


def test_steal() -> None:
    before, after = {"steal_ms": [50, 0]}, {"steal_ms": [60, 90]}
    assert judged(events.steal(window(before, before).changes)) == ("ok", "0.0 %")
    assert judged(events.steal(window(before, after).changes)) == ("noisy", "5.0 %")


def test_throttling_now_or_before() -> None:
    now = {"throttled_ms": 300.0, "throttled_periods": 3}
    assert judged(events.throttling(window({"throttled_ms": 180.0}, now))) == ("noisy", "120 ms in a second")
    assert judged(events.throttling(window(now, now))) == ("note", "not now, but 3 times before")
    never = {"throttled_ms": 0.0, "throttled_periods": 0}
    assert judged(events.throttling(window(never, never))) == ("ok", "none")


def test_busy_cpus() -> None:
    quiet = window({"busy_ms": [10, 20]}, {"busy_ms": [30, 80]})
    assert judged(events.busy_cpus(quiet.busy_pct)) == ("ok", "none, the busiest 6 %")
    busy = window({"busy_ms": [10, 20]}, {"busy_ms": [160, 950]})
    assert judged(events.busy_cpus(busy.busy_pct)) == ("noisy", "2 of 2, most of all CPU 1 with 93 %")


def test_busy_processes_are_named() -> None:
    shares = [Busy(7, "cc1plus", 99.6), Busy(9, "java", 40.0), Busy(11, "rsync", 12.0), Busy(12, "sh", 6.0)]
    assert judged(events.busy_processes((*shares, Busy(13, "top", 5.0)))) == (
        "noisy",
        "cc1plus (7) 100 %, java (9) 40 %, rsync (11) 12 %, 1 more",
    )
    assert judged(events.busy_processes((Busy(13, "top", 5.0),))) == ("ok", "none")


def test_load() -> None:
    assert judged(events.load([0.9, 2.0, 3.0], 2)) == ("ok", "0.9 2.0 3.0")
    assert judged(events.load([1.1, 0.0, 0.0], 2))[0] == "note"


@pytest.mark.parametrize(
    ("name", "us", "severity"),
    [("cpu", 40_000, "ok"), ("cpu", 60_000, "noisy"), ("memory", 20_000, "noisy"), ("io", 60_000, "ok")],
)
def test_pressure(name: str, us: int, severity: str) -> None:
    change = window({f"{name}_pressure_us": 5}, {f"{name}_pressure_us": 5 + us}).changes
    assert judged(events.pressure(change)) == (severity, f"{name} {us / 1e4:.0f} %")


def test_temperature() -> None:
    cool = {"temperature_c": 60.4, "heat_throttles": 0}
    assert judged(events.temperature(window(cool, cool))) == ("ok", "60 °C")
    assert events.temperature(window(cool, cool | {"temperature_c": 90.0})).severity == "noisy"
    assert events.temperature(window(cool, cool | {"heat_throttles": 1})).severity == "noisy"
    before = {"heat_throttles": 27}
    assert judged(events.temperature(window(before, before))) == ("note", "not told, slowed down 27 times so far")


def test_memory() -> None:
    assert judged(events.memory(window())) == ("ok", "8.0 GB available")
    assert judged(events.memory(window(after={"available_bytes": 9 * 10**8})))[0] == "note"
    swapped = window(dict.fromkeys(COUNTERS, 0), dict.fromkeys(COUNTERS, 10_000))
    assert judged(events.memory(swapped))[0] == "noisy"


def test_noisy_findings_are_told_with_their_figures() -> None:
    found = [Finding("steal", "noisy", "4.1 %", "wait"), Finding("load", "note", "3.0"), Finding("turbo", "ok", "off")]
    assert noisy(found) == ["steal: 4.1 %"]


def test_a_process_that_spins_is_seen_and_this_one_is_not() -> None:
    spinning = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        seen = watch(0.3)
    finally:
        spinning.kill()
        spinning.wait()
    assert spinning.pid in {process.pid for process in seen.processes if process.pct > 5}
    assert seen.processes[0].pct == max(process.pct for process in seen.processes)
    assert os.getpid() not in {process.pid for process in seen.processes}
