"""What the machine can do at best on the threads of a process: multiply-adds, and moving memory.

Of each the fastest pass counts, as a peak is what nothing can be above: others were slowed by something.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from time import perf_counter_ns

import numpy as np

from smjax.core import native_library
from smjax.core.machine.caches import last_level_bytes, level_that_holds
from smjax.core.machine.topology import available_bytes, usable_cpus
from smjax.core.native_drills import STREAMS, multiply_add, stream
from smjax.core.records.point import PointAnswer
from smjax.worker.bandwidth import LEAST_BYTES, LINE_BYTES, bytes_to_read
from smjax.worker.kernels import Setup

SECONDS = 0.03
"""For each of a peak's passes together; there are at least three."""
_LEAST_PASSES = 3
_PASS_NS = 1_000_000
"""Of which a fork and a join are a thousandth."""
_SMALLEST_BYTES = 4096
_FACTORS = {"fma": "floats", "dot": "bytes"}
_ARRAYS = {"read": 1, "copy": 2, "triad": 3}


@dataclass
class Peaks:
    """Unknown without the native library, or where it does not have the process's instruction set."""

    setup: Setup
    flop_per_s: dict[str, float] = field(default_factory=dict)
    """By kind of arithmetic, two for a multiply-add."""
    bandwidths: dict[int, float] = field(default_factory=dict)
    """By working set."""

    def measure(self) -> None:
        """Before and after what is held against it: the faster one counts."""
        isas = native_library.isas()
        for prefix, isa in (("", self.setup.isa), ("any-", "auto")):
            if isas and isa in ("auto", *isas):
                self._measure(prefix, isa)

    def _measure(self, prefix: str, isa: str) -> None:
        with native_threads(self.setup, isa):
            for kind, factors in _FACTORS.items():
                found = fastest(partial(multiply_add, factors))
                self.flop_per_s[prefix + kind] = max(found, self.flop_per_s.get(prefix + kind, 0))

    def tell(self, answer: PointAnswer) -> None:
        """Put into an answer what its arithmetic and its memory are held against."""
        if answer.peak:
            answer.peak_flop_per_s = self.flop_per_s.get(answer.peak)
        answer.bandwidth_bytes_per_s = self.bandwidths.get(self._working_set(answer))
        if answer.bandwidth_bytes_per_s is not None:
            answer.bandwidth_level = level_that_holds(self._working_set(answer), self._cpus)

    def measure_bandwidth(self, answer: PointAnswer, moved: float = 0.0) -> None:
        """The fastest of reading, copying and the triad over a working set of the op's size; right beside the op.

        `moved`: bytes a second of an op that is such a pass itself.
        """
        n_bytes = self._working_set(answer)
        if not native_library.isas() or not n_bytes:
            return
        with native_threads(self.setup, "auto"):
            passes = [stream_rate(kind, max(n_bytes, _SMALLEST_BYTES)) for kind in STREAMS]
        found = max(*passes, moved)
        self.bandwidths[n_bytes] = max(found, self.bandwidths.get(n_bytes, 0))

    @property
    def _cpus(self) -> Sequence[int]:
        return self.setup.cpus or usable_cpus()

    @cached_property
    def _most_bytes(self) -> int:
        """Much more than the caches hold: beyond that it makes no difference how much more."""
        return bytes_to_read(last_level_bytes(self._cpus), available_bytes()) or LEAST_BYTES

    def _working_set(self, answer: PointAnswer) -> int:
        """Inputs that are cold lie in memory, however few they are."""
        is_cold = answer.point.cache == "cold" and answer.bytes
        return self._most_bytes if is_cold else min(answer.bytes, self._most_bytes)


def stream_rate(kind: str, n_bytes: int) -> float:
    """Bytes a second of all arrays of one kind, together about `n_bytes`."""
    arrays = arrays_for(kind, n_bytes)
    addresses, n = tuple(array.ctypes.data for array in arrays), len(arrays[0])

    def run(rounds: int) -> int:
        stream(kind, addresses, n, rounds)
        return rounds * n * 4 * len(arrays)

    return fastest(run)


def arrays_for(kind: str, n_bytes: int) -> list[np.ndarray]:
    """float32 arrays of ones, each from the beginning of a cache line on, and of no two at the same place of a page.

    A store is else taken for one that a later load waits for.
    """
    n_arrays = _ARRAYS[kind]
    n = max(1, n_bytes // (4 * n_arrays))
    apart = -(-4 * n // LINE_BYTES) * LINE_BYTES + 4 * LINE_BYTES
    memory = np.ones((n_arrays * apart + LINE_BYTES) // 4, np.float32)
    first = -memory.ctypes.data % LINE_BYTES // 4
    starts = [first + i * apart // 4 for i in range(n_arrays)]
    return [memory[start : start + n] for start in starts]


def fastest(run: Callable[[int], int]) -> float:
    """The most a second that `run`, which says how much it did, does in passes of about a millisecond.

    Passes become longer until the fastest is long enough: others may have waited for a thread that slept.
    """
    rounds = 1
    while True:
        best, best_ns = _fastest_pass(run, rounds, 0)
        if best_ns >= _PASS_NS:
            break
        rounds *= 2
    return max(best, _fastest_pass(run, rounds, SECONDS)[0])


def _fastest_pass(run: Callable[[int], int], rounds: int, seconds: float) -> tuple[float, int]:
    """Of at least three: how much a second, and how long it took."""
    until, passes = perf_counter_ns() + seconds * 1e9, list[tuple[float, int]]()
    while len(passes) < _LEAST_PASSES or perf_counter_ns() < until:
        done, took_ns = _timed(run, rounds)
        passes.append((done * 1e9 / took_ns, took_ns))
    return max(passes)


def _timed(run: Callable[[int], int], rounds: int) -> tuple[int, int]:
    start = perf_counter_ns()
    done = run(rounds)
    return done, perf_counter_ns() - start


@contextmanager
def native_threads(setup: Setup, isa: str) -> Iterator[None]:
    """The library's threads as many as the process has, pinned alike; afterwards as the kernel needs them.

    Another kernel's process has none then, and its first thread runs where it may, as the library has pinned it.
    """
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    native_library.start(isa, setup.cpus, setup.threads)
    try:
        yield
    finally:
        if setup.kernel == "native":
            native_library.start(setup.isa, setup.cpus, setup.threads)
        else:
            native_library.start("auto", (), 1)
            if before is not None:
                os.sched_setaffinity(0, before)


def close(answers: Sequence[PointAnswer], peaks: Peaks) -> None:
    """After the last point: measure once more, and tell all of them."""
    peaks.measure()
    for answer in answers:
        peaks.tell(answer)
