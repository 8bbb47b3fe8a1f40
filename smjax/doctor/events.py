"""What happened while the machine was watched."""

from __future__ import annotations

import os

from smjax.core.machine.disturbances import LIMITS
from smjax.core.machine.sharing import OFTEN_PCT, Moments, shared_pct
from smjax.doctor.finding import Finding, unknown
from smjax.doctor.window import Busy, Window

HOT_C = 85.0
"""Processors slow themselves down at 90 to 105 degrees."""
SHORT_BYTES = 10**9
"""With less available, the system takes pages from a model just loaded."""
PRESSED = {"cpu": 5.0, "memory": LIMITS["memory_pressure_pct"].most, "io": 20.0}
"""Percent of the time in which some task may wait: a disk disturbs little that is in memory."""
BUSY_PCT = 10.0
"""How busy a CPU may be while we sleep: ticks are an error of 2 % of a second, and a quiet system took up to 6 %."""
NAMED = 3
"""Busy processes that are named; the rest is counted."""


def findings(window: Window) -> list[Finding]:
    """Findings of the last second."""
    return [
        steal(window.changes),
        shared_core(window.additions_per_cycle, window.best),
        throttling(window),
        busy_cpus(window.busy_pct),
        busy_processes(window.processes),
        load(window.after["load"], os.cpu_count() or 1),
        pressure(window.changes),
        temperature(window),
        memory(window),
    ]


def steal(changes: dict[str, float]) -> Finding:
    """Time for which the hypervisor ran something else on our CPUs."""
    if "steal_pct" not in changes:
        return unknown("steal")
    pct = changes["steal_pct"]
    if pct <= LIMITS["steal_pct"].most:
        return Finding("steal", "ok", f"{pct:.1f} %")
    return Finding("steal", "noisy", f"{pct:.1f} %", "wait, or take a machine with CPUs of its own")


def shared_core(moments: Moments, best: float | None) -> Finding:
    """Whether somebody whom no counter shows computes on the other hardware thread of a core that we may use.

    `best`: what this machine's cores can do.
    """
    if best is None or not moments:
        return unknown("shared core")
    pct = shared_pct(moments, best)
    found = f"{pct:.0f} % of the time with somebody unseen"
    if pct <= OFTEN_PCT:
        return Finding("shared core", "ok", found)
    return Finding("shared core", "noisy", found, "wait, or take a machine with whole cores")


def throttling(window: Window) -> Finding:
    """Time for which the control group's quota held us back, just now or before."""
    name, periods, ms = "throttling", window.after["throttled_periods"], window.changes.get("throttled_ms")
    if ms is None or periods is None:
        return unknown(name)
    if ms > LIMITS["throttled_ms"].most:
        return Finding(name, "noisy", f"{ms:.0f} ms in a second", "raise the container's CPU limit")
    if periods:
        return Finding(name, "note", f"not now, but {periods} times before", "raise the container's CPU limit")
    return Finding(name, "ok", "none")


def busy_cpus(busy_pct: dict[int, float]) -> Finding:
    """Of the usable CPUs, whoever keeps them busy: also containers whose processes are not seen from here."""
    if not busy_pct:
        return unknown("busy CPUs")
    busy = {cpu: pct for cpu, pct in busy_pct.items() if pct > BUSY_PCT}
    if not busy:
        return Finding("busy CPUs", "ok", f"none, the busiest {max(busy_pct.values()):.0f} %")
    worst = max(busy, key=lambda cpu: busy[cpu])
    found = f"{len(busy)} of {len(busy_pct)}, most of all CPU {worst} with {busy[worst]:.0f} %"
    return Finding("busy CPUs", "noisy", found, "stop what runs there, or wait")


def busy_processes(processes: tuple[Busy, ...]) -> Finding:
    """Those that took more of a core than is good, most first."""
    busy = [process for process in processes if process.pct > LIMITS["others_pct"].most]
    if not busy:
        return Finding("busy processes", "ok", "none")
    texts = [f"{process.name} ({process.pid}) {process.pct:.0f} %" for process in busy[:NAMED]]
    if len(busy) > NAMED:
        texts.append(f"{len(busy) - NAMED} more")
    return Finding("busy processes", "noisy", ", ".join(texts), "stop them, or wait")


def load(averages: list[float] | None, n_cpus: int) -> Finding:
    """Lags a minute behind; what goes on now is told by the others."""
    if averages is None:
        return unknown("load")
    found = "{:.1f} {:.1f} {:.1f}".format(*averages)
    if averages[0] <= n_cpus / 2:
        return Finding("load", "ok", found)
    return Finding("load", "note", f"{found} on {n_cpus} CPUs", "wait until it has fallen")


def pressure(changes: dict[str, float]) -> Finding:
    """The part of the last second in which some task waited for a CPU, for memory or for a disk (PSI)."""
    found = {name: changes.get(f"{name}_pressure_pct") for name in PRESSED}
    known = {name: pct for name, pct in found.items() if pct is not None}
    if not known:
        return unknown("pressure")
    text = ", ".join(f"{name} {pct:.0f} %" for name, pct in known.items())
    if all(pct <= PRESSED[name] for name, pct in known.items()):
        return Finding("pressure", "ok", text)
    return Finding("pressure", "noisy", text, "stop what asks for it, or wait")


def temperature(window: Window) -> Finding:
    """The processor's hottest sensor, and whether it has slowed down for heat."""
    name, celsius, times = "temperature", window.after["temperature_c"], window.after["heat_throttles"]
    if celsius is None and times is None:
        return unknown(name)
    text = "not told" if celsius is None else f"{celsius:.0f} °C"
    if window.changes.get("heat_throttles") or (celsius or 0) > HOT_C:
        return Finding(name, "noisy", f"{text}, slowed down {times or 0} times so far", "let it cool down")
    if times:
        return Finding(name, "note", f"{text}, slowed down {times} times so far", "see to its cooling")
    return Finding(name, "ok", text)


def memory(window: Window) -> Finding:
    """What can be had without swapping."""
    available = window.after["available_bytes"]
    text = f"{available / 1e9:.1f} GB available"
    swapped_mb = window.changes.get("swapped_mb", 0)
    if swapped_mb > LIMITS["swapped_mb"].most:
        return Finding("memory", "noisy", f"{text}, {swapped_mb:.0f} MB swapped in a second", "free some")
    return Finding("memory", "note", text, "free some") if available < SHORT_BYTES else Finding("memory", "ok", text)
