"""What this machine can do just now, measured in about 2 seconds: timer, wake-up of a thread, clock, reading memory."""

from __future__ import annotations

import itertools
import os
import queue
import statistics
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from smjax.core.machine.topology import available_bytes, core_order, physical_cores, pick_cpus, usable_cpus
from smjax.core.native_library import effective_ghz, library, read_bandwidth, start, wake_ups

WORKING_SETS = (32 * 1024, 2**20, 2**24, 2**27)
"""Bytes. The first three fit the caches of most CPUs, one level after the other; the last is in memory, mostly."""
READ_S = 0.12
PASS_BYTES = 2**22
"""A small set is read several times for one look at the clock."""
WAKE_UPS = 200
_LINE = 64
"""Bytes of a cache line, from whose border on the library reads."""


def self_test() -> dict[str, Any]:
    """JSON-able, None where it needs the native library and there is none.

    `timer_step_ns`: least step of Python's clock that can be seen, a call included; `wake_up_us`: how long a sleeping
    thread takes to run, and how that was measured; `effective_ghz`: see `smjax.core.native_library`; `read_gb_per_s`:
    threads, each on a core of its own, read a working set that they share.
    """
    begin = time.monotonic()
    found: dict[str, Any] = {
        "timer_step_ns": _timer_step_ns(),
        "wake_up_us": _wake_up_us(),
        "effective_ghz": effective_ghz(next(iter(pick_cpus(1)), None)),
    }
    with ThreadPoolExecutor(1) as aside:  # it is pinned, and we are not
        found["read_gb_per_s"] = aside.submit(_bandwidths).result()
    return {**found, "seconds": time.monotonic() - begin}


def _timer_step_ns() -> int:
    times = [time.perf_counter_ns() for _ in range(50_000)]
    return min(later - earlier for earlier, later in itertools.pairwise(times) if later > earlier)


def _wake_up_us() -> dict[str, Any]:
    cpus = [*pick_cpus(2), -1, -1]
    ns, method = wake_ups(cpus[0], cpus[1], WAKE_UPS), "native threads"
    if ns is None:
        ns, method = _python_wake_ups(), "Python's threads, the interpreter's time included"
    percentiles = statistics.quantiles(ns, n=100, method="inclusive")
    return {"p50": percentiles[49] / 1e3, "p99": percentiles[98] / 1e3, "method": method}


def _python_wake_ups() -> list[int]:
    bell: queue.SimpleQueue[int] = queue.SimpleQueue()
    found = []

    def listen() -> None:
        for _ in range(WAKE_UPS):
            rung_ns = bell.get()
            found.append(time.perf_counter_ns() - rung_ns)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    for _ in range(WAKE_UPS):
        time.sleep(0.001)  # until it sleeps
        bell.put(time.perf_counter_ns())
    listener.join()
    return found


def _bandwidths() -> list[dict[str, Any]] | None:
    """Rows of threads, bytes and GB/s, None where the system gives no such threads or memory.

    The calling thread is pinned, and stays so.
    """
    if library() is None:
        return None
    sets = [n_bytes for n_bytes in WORKING_SETS if n_bytes < available_bytes() / 2]
    memory = np.ones(max(sets, default=0) + _LINE, np.uint8)  # ones, as zeros may all be the same page
    first = memory.ctypes.data + -memory.ctypes.data % _LINE
    rows = [
        {"threads": threads, "working_set_bytes": n_bytes, "gb_per_s": rate and rate / 1e9}
        for threads in sorted({1, _n_cores()})
        for n_bytes, rate in zip(sets, _read_rates(threads, first, sets), strict=True)
    ]
    start("auto", [], 1)  # lets the threads end
    return rows


def _read_rates(threads: int, address: int, sets: Sequence[int]) -> list[float | None]:
    """Bytes a second of each working set; a small one is read several times for one look at the clock."""
    try:
        start("auto", core_order(usable_cpus())[:threads], threads)
    except ValueError:
        return [None for _ in sets]
    return [read_bandwidth([(address, n_bytes)] * max(1, PASS_BYTES // n_bytes), READ_S) for n_bytes in sets]


def _n_cores() -> int:
    """Physical cores that we may use, each with at least one CPU; all CPUs where there is no affinity."""
    return physical_cores(usable_cpus()) or os.cpu_count() or 1
