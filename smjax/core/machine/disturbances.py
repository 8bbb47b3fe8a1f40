"""What disturbed a measurement, judged by the machine's readings before and after it."""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Readings = Mapping[str, Any]
"""What `smjax.core.machine.readings.read_machine` returns."""

TICKS_MS = 20.0
"""A CPU's times move in ticks, mostly of 10 ms; the one at either end may belong to what lies outside."""

WORKS = 0.02
"""Share of the time that a thread of our own needs at least to count as one that works: XLA's pool of two takes 4 %."""

COUNTERS = (
    *("busy_ms", "steal_ms", "throttled_ms", "heat_throttles", "swapped_in_pages", "swapped_out_pages"),
    *("cpu_pressure_us", "memory_pressure_us", "io_pressure_us"),
)


@dataclass(frozen=True)
class Limit:
    """The most that is not yet a disturbance, and how to speak of more: `text` gets the figure."""

    most: float
    text: str


# Measured on a small virtual machine (2 cores, KVM, its agent and kernel threads at work): an undisturbed thread met
# 0.02 % steal, lost 1.3 % of its core to others and was switched off it 3 to 53 times a second. Beside a second busy
# thread on its core it lost 50 % and was switched off 122 times a second. The limits lie between.
LIMITS = {
    "steal_pct": Limit(1, "steal {:.1f} %"),
    "throttled_ms": Limit(1, "throttled {:.0f} ms"),
    "others_pct": Limit(5, "other processes {:.0f} % of the cores"),
    "switches_per_s": Limit(100, "involuntary switches {:.0f}/s of a thread"),
    "memory_pressure_pct": Limit(1, "tasks waited for memory {:.1f} % of the time"),
    "swapped_mb": Limit(1, "swapped {:.0f} MB"),
    "heat_throttles": Limit(0, "slowed down for heat {:.0f} times"),
}


def disturbances(
    before: Readings,
    after: Readings,
    own_cpu_ns: int | None,
    threads: int,
    switches: int | None,
) -> list[str]:
    """Why what ran between two readings was disturbed, in short texts with figures; empty if it was not.

    It ran on the readings' CPUs with `threads` threads, used `own_cpu_ns` of CPU time and lost its CPU `switches` times
    against its will (ru_nivcsw); None where that is not known.
    """
    found = changes(before, after, own_cpu_ns)
    oversubscribed = 0 < len(after["cpus"]) < threads
    if switches is not None and not oversubscribed:  # its own threads push each other off
        found["switches_per_s"] = switches / seconds(before, after) / max(1, threads)
    return [limit.text.format(found[name]) for name, limit in LIMITS.items() if found.get(name, 0) > limit.most]


def working_threads(cpu_ns: Mapping[str, int], before: Readings, after: Readings) -> int:
    """How many of our own threads worked between two readings, by the CPU time that each of them took.

    More of them than CPUs push each other off, and nobody else has a part in it: XLA's caller and a pool with as many
    threads as there are CPUs, thousands of times a second.
    """
    enough_ns = WORKS * seconds(before, after) * 1e9
    return sum(ns >= enough_ns for ns in cpu_ns.values())


def changes(before: Readings, after: Readings, own_cpu_ns: int | None) -> dict[str, float]:
    """What happened between two readings, as far as both tell it; `_pct` of the CPUs' time, or of all time.

    Steal and others are 0 where they are no more than ticks at the ends. Others are all that kept the CPUs busy beside
    `own_cpu_ns`: processes, other containers' too, the kernel's threads and interrupts.
    """
    n_cpus, ms = len(after["cpus"]), seconds(before, after) * 1e3
    told = [name for name in COUNTERS if before[name] is not None and after[name] is not None]
    more = {name: _total(after[name]) - _total(before[name]) for name in told}
    found: dict[str, float] = {name: more[name] for name in ("throttled_ms", "heat_throttles") if name in more}
    if "steal_ms" in more:
        found["steal_pct"] = _pct(more["steal_ms"], TICKS_MS, ms * n_cpus)
    if "busy_ms" in more and own_cpu_ns is not None:
        found["others_pct"] = _pct(more["busy_ms"] - own_cpu_ns / 1e6, TICKS_MS * n_cpus, ms * n_cpus)
    for resource in ("cpu", "memory", "io"):
        if (name := f"{resource}_pressure_us") in more:
            found[f"{resource}_pressure_pct"] = _pct(more[name] / 1e3, 0, ms)
    if "swapped_in_pages" in more and "swapped_out_pages" in more:
        found["swapped_mb"] = (more["swapped_in_pages"] + more["swapped_out_pages"]) * mmap.PAGESIZE / 1e6
    return found


def seconds(before: Readings, after: Readings) -> float:
    """Time between two readings."""
    return float(after["monotonic_ns"] - before["monotonic_ns"]) / 1e9


def _total(value: float | list[float]) -> float:
    """A counter, or the sum of one for each CPU."""
    return float(sum(value) if isinstance(value, list) else value)


def _pct(part: float, noise: float, whole: float) -> float:
    return 100 * part / whole if part > noise else 0.0
