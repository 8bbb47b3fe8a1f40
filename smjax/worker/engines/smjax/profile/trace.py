"""Where the time of the native kernel's operations goes: the stamps that its threads leave while a trace is on."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from smjax.core.native_counters import CountedEvent, numbers_of
from smjax.core.native_library import expect_none, there

STEPS = (
    *("outside", "enter", "norm", "quantise", "multiply"),
    *("remember", "turn", "attend", "fork", "join", "leave", "wait"),
)
"""What a stamp says that its thread has just done, by its number (native/step.h)."""
OPERATIONS = ("multiply", "argmax", "attend", "look_up")
"""What was called, by its number (native/trace.h)."""
STAMP = np.dtype([("ns", np.int64), ("step", np.int32), ("call", np.int32)])
CALL = np.dtype([("data", np.int64), ("layer", np.int32), ("operation", np.int32)])


@dataclass(frozen=True)
class Trace:
    """What was done since a trace began."""

    threads: list[np.ndarray]
    """Of each its stamps: `ns` of the monotonic clock, `step`, and `call`, the number of the operation. The first says
    when the trace began; thread 0 is the one that calls operations."""
    counts: list[np.ndarray]
    """Of each thread what was counted until each stamp, [stamps, events]; of the first 0."""
    calls: np.ndarray
    """Of each operation where its weights or its cache begin (`data`), its `layer` of these, and its `operation`."""


@contextlib.contextmanager
def tracing(stamps: int, events: Sequence[CountedEvent] = ()) -> Iterator[None]:
    """Forget what was kept, and keep up to so many stamps of each thread, and counts at each, until this ends.

    Raises ValueError where there is no room for them.
    """
    expect_none(there().smjax_trace_start(stamps, numbers_of(events), len(events)))
    try:
        yield
    finally:
        there().smjax_trace_stop()


def read_trace(threads: int, n_events: int = 0) -> Trace:
    """What was kept last, of so many threads and events.

    Raises ValueError where there were more stamps than room, and where somebody else took the counters.
    """
    stamps = [_read(partial(there().smjax_trace_stamps, thread), STAMP) for thread in range(threads)]
    counts = [_read(partial(there().smjax_trace_counts, thread), np.dtype(np.int64)) for thread in range(threads)]
    by_stamp = [found.reshape(-1, n_events) for found in counts] if n_events else counts
    return Trace(stamps, by_stamp, _read(there().smjax_trace_calls, CALL))


def stamp_ns() -> float:
    """What a stamp costs its thread; what was kept is forgotten."""
    return float(there().smjax_stamp_cost())


def _read(copy: Callable[[ctypes.c_void_p | None, int], int], kind: np.dtype) -> np.ndarray:
    count = copy(None, 0)
    if count < 0:
        raise ValueError("native kernel: expected room for all stamps of a trace, and counters, found too little")
    found = np.empty(count, kind)
    copy(ctypes.c_void_p(found.ctypes.data), count)
    return found
