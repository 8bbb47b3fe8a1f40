"""What the cores of all threads do at one moment, asked of the native library whatever it is that decodes."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from smjax.core.native_library import library


@dataclass(frozen=True)
class Moment:
    """A figure per thread; per CPU where those are fewer."""

    ghz: list[float]
    """By additions that wait for each other, one a cycle."""
    additions_per_cycle: list[float]
    """Of those that need not wait: they fall to little more than half while somebody computes on the core's other
    hardware thread, unseen from here."""


class Watch:
    """Looks at the cores of `threads` threads, each on its CPU, all at the same time (native/probe.h).

    Where the library's threads decode it looks with them; else with threads that sleep in between, while whoever
    decodes on those CPUs waits.
    """

    def __init__(self, cpus: Sequence[int], threads: int) -> None:
        self._library = library()
        self._n = 0
        if self._library is not None:
            self._n = max(0, self._library.smjax_watch(threads, (ctypes.c_int32 * len(cpus))(*cpus), len(cpus)))
        self._found = (ctypes.c_double * (2 * self._n))()

    def look(self) -> Moment | None:
        """Takes 10 to 15 µs (on an Arm three times as long), 25 where threads have to be woken, more on busy CPUs.

        None without the library, where the system gives no such threads, or on an architecture it cannot count on.
        """
        if self._library is None or not self._n or self._library.smjax_probe(self._n, self._found):
            return None
        figures = list(self._found)
        return Moment(figures[::2], figures[1::2]) if all(figures) else None

    def close(self) -> None:
        """Let its threads end."""
        if self._library is not None:
            self._library.smjax_watch(0, None, 0)
        self._n = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
