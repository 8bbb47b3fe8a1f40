"""What this machine can do just now, measured in about 2 seconds: timer, wake-up of a thread, clock, reading memory."""

from __future__ import annotations

import ctypes
import itertools
import os
import queue
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from smjax.core.machine.topology import available_bytes, core_order, pick_cpus, siblings, usable_cpus
from smjax.core.native_library import effective_ghz, library, start

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
    loaded = library()
    if loaded is None:
        ns, method = _python_wake_ups(), "Python's threads, the interpreter's time included"
    else:
        cpus = [*pick_cpus(2), -1, -1]
        times = np.zeros(WAKE_UPS, np.int64)
        loaded.smjax_wake_ups(cpus[0], cpus[1], WAKE_UPS, times.ctypes.data)
        ns, method = times.tolist(), "native threads"
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
    """Rows of threads, bytes and GB/s; the calling thread is pinned, and stays so."""
    loaded = library()
    if loaded is None:
        return None
    sets = [n_bytes for n_bytes in WORKING_SETS if n_bytes < available_bytes() / 2]
    memory = np.ones(max(sets, default=0) + _LINE, np.uint8)  # ones, as zeros may all be the same page
    first = memory.ctypes.data + -memory.ctypes.data % _LINE
    cpus, n_cores, rows = usable_cpus(), _n_cores(), []
    for threads in sorted({1, n_cores}):
        start("auto", core_order(cpus)[:threads], threads)
        rows += [
            {"threads": threads, "working_set_bytes": n_bytes, "gb_per_s": _read_gb_per_s(loaded, first, n_bytes)}
            for n_bytes in sets
        ]
    start("auto", [], 1)  # lets the threads end
    return rows


def _read_gb_per_s(loaded: ctypes.CDLL, address: int, n_bytes: int) -> float:
    n = max(1, PASS_BYTES // n_bytes)
    addresses, sizes = (ctypes.c_void_p * n)(*[address] * n), (ctypes.c_int64 * n)(*[n_bytes] * n)
    return float(loaded.smjax_read_bandwidth(n, addresses, sizes, READ_S)) / 1e9


def _n_cores() -> int:
    """Physical cores that we may use, each with at least one CPU; all CPUs where there is no affinity."""
    return len({siblings(cpu) for cpu in usable_cpus()}) or os.cpu_count() or 1
