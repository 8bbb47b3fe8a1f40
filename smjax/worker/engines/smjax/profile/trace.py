"""Where the time of the native kernel's operations goes: the stamps that its threads leave while a trace is on."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from smjax.core.native_library import library

STEPS = (
    *("outside", "enter", "norm", "quantise", "multiply"),
    *("remember", "turn", "attend", "fork", "join", "leave", "wait"),
)
"""What a stamp says that its thread has just done, by its number (native/step.h)."""
OPERATIONS = ("multiply", "argmax", "attend", "look_up")
"""What was called, by its number (native/trace.h)."""
_STAMP = np.dtype([("ns", np.int64), ("step", np.int32), ("call", np.int32)])
_CALL = np.dtype([("data", np.int64), ("layer", np.int32), ("operation", np.int32)])


@dataclass(frozen=True)
class Trace:
    """What was done since a trace began."""

    threads: list[np.ndarray]
    """Of each its stamps: `ns` of the monotonic clock, `step`, and `call`, the number of the operation. The first says
    when the trace began; thread 0 is the one that calls operations."""
    calls: np.ndarray
    """Of each operation where its weights or its cache begin (`data`), its `layer` of these, and its `operation`."""


@contextlib.contextmanager
def tracing(stamps: int) -> Iterator[None]:
    """Forget what was kept, and keep up to so many stamps of each thread until this ends.

    Raises ValueError where there is no room for them.
    """
    if complaint := _there().smjax_trace_start(stamps):
        raise ValueError(f"native kernel: {complaint.decode()}")
    try:
        yield
    finally:
        _there().smjax_trace_stop()


def read_trace(threads: int) -> Trace:
    """What was kept last, of so many threads; raises ValueError where there were more stamps than room."""
    stamps = [_read(partial(_there().smjax_trace_stamps, thread), _STAMP) for thread in range(threads)]
    return Trace(stamps, _read(_there().smjax_trace_calls, _CALL))


def stamp_ns() -> float:
    """What a stamp costs its thread; what was kept is forgotten."""
    return float(_there().smjax_stamp_cost())


def _read(copy: Callable[[ctypes.c_void_p | None, int], int], kind: np.dtype) -> np.ndarray:
    count = copy(None, 0)
    if count < 0:
        raise ValueError("native kernel: expected room for all stamps of a trace, found more stamps")
    found = np.empty(count, kind)
    copy(ctypes.c_void_p(found.ctypes.data), count)
    return found


def _there() -> ctypes.CDLL:
    loaded = library()
    assert loaded is not None, "whoever traces has the native kernel"
    return loaded
