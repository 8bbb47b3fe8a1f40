"""Counters and states of the machine at one moment; two readings tell what happened between them.

References: Linux' `filesystems/proc.rst` (stat, vmstat) and `accounting/psi.rst`.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from smjax.core.machine.cgroup import cgroup_throttled
from smjax.core.machine.heat import heat_throttles, temperature_c
from smjax.core.machine.probe import ROOT, read_text, to_int
from smjax.core.machine.topology import available_bytes, governor, read_ghz, turbo

_STAT = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_BUSY = ("user", "nice", "system", "irq", "softirq")


def read_machine(cpus: Sequence[int], root: Path = ROOT) -> dict[str, Any]:
    """What the system counts about `cpus` and the whole machine, JSON-able, None where it does not; takes 1 to 3 ms.

    `busy_ms` and `steal_ms` are of each of `cpus`, in steps of a tick, mostly 10 ms. `throttled_ms` is the control
    group's, `…_pressure_us` the time in which some task of the machine waited. Clock and governor: of the first CPU.
    """
    first = cpus[0] if cpus else 0
    group = root / "sys/fs/cgroup", read_text(root / "proc/self/cgroup") or "0::/"
    throttled_ns, throttled_periods = cgroup_throttled(*group) or (None, None)
    return {
        "monotonic_ns": time.monotonic_ns(),
        "cpus": list(cpus),
        **cpu_times(cpus, root),
        "throttled_ms": None if throttled_ns is None else throttled_ns / 1e6,
        "throttled_periods": throttled_periods,
        **{f"{name}_pressure_us": _pressure_us(root / "proc/pressure" / name) for name in ("cpu", "memory", "io")},
        "load": _load(),
        "available_bytes": available_bytes(*group, root),
        **_swapped(root),
        "governor": governor(first, root),
        "ghz": read_ghz(first, root),
        "turbo": turbo(root),
        "temperature_c": temperature_c(root),
        "heat_throttles": heat_throttles(cpus, root),
    }


def cpu_times(cpus: Sequence[int], root: Path = ROOT) -> dict[str, list[int] | None]:
    """`busy_ms` and `steal_ms` of each of `cpus` since the start; None unless all are told."""
    stat = read_text(root / "proc/stat") or ""
    lines = [re.search(rf"^cpu{cpu}((?: \d+){{8,}})$", stat, re.MULTILINE) for cpu in cpus]
    times = [dict(zip(_STAT, map(int, line[1].split()), strict=False)) for line in lines if line]
    if not times or len(times) < len(lines):
        return {"busy_ms": None, "steal_ms": None}
    ms_per_tick = 1000 // os.sysconf("SC_CLK_TCK")
    return {
        "busy_ms": [sum(ticks[name] for name in _BUSY) * ms_per_tick for ticks in times],
        "steal_ms": [ticks["steal"] * ms_per_tick for ticks in times],
    }


def _pressure_us(path: Path) -> int | None:
    """Microseconds in which at least one task waited for this; None on kernels that do not count it."""
    total = re.search(r"^some .*total=(\d+)", read_text(path) or "")
    return int(total[1]) if total else None


def _load() -> list[float] | None:
    """Tasks that ran or waited, averaged over 1, 5 and 15 minutes."""
    try:
        return list(os.getloadavg())
    except OSError:
        return None


def _swapped(root: Path) -> dict[str, int | None]:
    counts = read_text(root / "proc/vmstat") or ""
    lines = dict(line.split(" ", 1) for line in counts.splitlines() if line.startswith("pswp"))
    return {"swapped_in_pages": to_int(lines.get("pswpin")), "swapped_out_pages": to_int(lines.get("pswpout"))}
