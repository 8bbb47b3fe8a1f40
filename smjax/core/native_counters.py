"""What a CPU counts of a thread, instructions, cycles and cache misses: which events, and why they are not there.

References: perf_event_open(2); Documentation/admin-guide/perf-security.rst of Linux.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from smjax.core.native_library import library

_PARANOID = Path("/proc/sys/kernel/perf_event_paranoid")


@dataclass(frozen=True)
class CountedEvent:
    """By the system's numbers: its kind (`perf_type_id`), and which of the kind."""

    name: str
    type: int
    config: int


HARDWARE = (CountedEvent("instructions", 0, 1), CountedEvent("cycles", 0, 0), CountedEvent("cache misses", 0, 3))
"""Of the CPU; cache misses are what Linux takes for them on it, mostly those of the last level."""
SOFTWARE = (CountedEvent("ns on a CPU", 1, 1), CountedEvent("page faults", 1, 2))
"""Of the system, which are there without a CPU that counts."""


def numbers_of(events: Sequence[CountedEvent]) -> ctypes.Array[ctypes.c_int64]:
    """As the library takes them."""
    return (ctypes.c_int64 * (2 * len(events)))(*(number for one in events for number in (one.type, one.config)))


def why_not_counted(events: Sequence[CountedEvent] = HARDWARE) -> str:
    """Why this process cannot count them of its threads, and what to do, in one line; empty where it can."""
    if sys.platform != "linux":
        return "only Linux is asked for them"
    loaded = library()
    if loaded is None:
        return "the native library asks for them, and was not built"
    return meaning_of(int(loaded.smjax_why_not_counted(numbers_of(events), len(events))))


def meaning_of(wrong: int) -> str:
    """What the system's answer to perf_event_open, an error's number, means; empty for none."""
    if not wrong:
        return ""
    said = f"perf_event_open: {os.strerror(wrong)}"
    if wrong in (errno.ENOENT, errno.ENODEV, errno.EOPNOTSUPP):
        return f"{said}; this machine, as most virtual ones, shows no counters of its CPU: use one that does"
    if wrong in (errno.EACCES, errno.EPERM):
        return f"{said}, with kernel.perf_event_paranoid={_paranoid()}; set it to 2 or less, or grant CAP_PERFMON"
    if wrong == errno.ENOSYS:
        return f"{said}; this system's kernel, or its container, has no such call"
    return said


def _paranoid() -> str:
    try:
        return _PARANOID.read_text().strip()
    except OSError:
        return "unknown"
