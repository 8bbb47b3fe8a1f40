"""The worker as the operating system sees it: where it runs, how long it lives, what memory and time it took."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from smjax.core.errors import RequestError
from smjax.core.machine.probe import fields, read_text

PR_SET_PDEATHSIG = 1
_TASKS = Path("/proc/self/task")


def die_with_parent(requests: IO[bytes], parent: int) -> None:
    """End this process when the supervisor `parent` ends, however that happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(1)
        return
    # The supervisor never closes its end while the worker lives.
    threading.Thread(target=lambda: (requests.read(), os._exit(1)), daemon=True).start()


def pin(cpus: Sequence[int]) -> list[int]:
    """Pin this process, and all threads it will start, to `cpus`; returns the affinity read back, empty if unknown.

    Raises RequestError where the system refuses: figures of threads that ran elsewhere would be another scenario's.
    """
    if not hasattr(os, "sched_setaffinity"):
        return []
    refused = ""
    if cpus:
        try:
            os.sched_setaffinity(0, cpus)
        except OSError as error:
            refused = f" ({error.strerror})"
    found = sorted(os.sched_getaffinity(0))
    if cpus and found != sorted(cpus):
        raise RequestError(
            f"threads: expected to run on the CPUs {sorted(cpus)}, found {found}{refused}; "
            "give this process those CPUs (taskset, cpuset), or use fewer threads"
        )
    return found


def rss_bytes() -> int | None:
    """Resident memory now."""
    return _status_bytes("VmRSS")


def peak_rss_bytes() -> int | None:
    """The kernel's high-water mark of resident memory since the start or the last reset."""
    peak = _status_bytes("VmHWM")
    if peak is None and sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak


def renew_peak_rss() -> int | None:
    """The high-water mark until now, from where on it starts again; None where the kernel does not allow that."""
    peak = peak_rss_bytes()
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return peak


def resident_parts() -> tuple[int | None, int | None]:
    """Resident bytes of no file, and those of files; None where the kernel does not tell."""
    sizes = fields((read_text(Path("/proc/self/smaps_rollup")) or "").splitlines())
    if "Rss" not in sizes or "Anonymous" not in sizes:
        return None, None
    rss, anonymous = (int(sizes[name].split()[0]) * 1024 for name in ("Rss", "Anonymous"))
    return anonymous, rss - anonymous


def thread_cpu_ns() -> dict[str, int]:
    """CPU time of every thread so far, by `TID name`; empty where the kernel does not tell it in nanoseconds."""
    times = {}
    for task in sorted(_TASKS.iterdir()) if _TASKS.is_dir() else ():
        schedule = read_text(task / "schedstat")
        if schedule:
            times[f"{task.name} {read_text(task / 'comm') or ''}".strip()] = int(schedule.split()[0])
    return times


def _status_bytes(name: str) -> int | None:
    text = read_text(Path("/proc/self/status"))
    value = fields((text or "").splitlines()).get(name)
    return int(value.split()[0]) * 1024 if value else None
