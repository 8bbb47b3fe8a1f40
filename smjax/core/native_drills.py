"""What a machine is measured by: all threads of the native library do the same simple thing (native/drills.h)."""

from __future__ import annotations

from smjax.core.native_library import expect_none, there

FACTORS = {"floats": 0, "bytes": 1}
STREAMS = {"read": 0, "copy": 1, "triad": 2}
"""By name, the library's numbers."""


def multiply_add(factors: str, rounds: int) -> int:
    """So many rounds of multiply-adds on registers alone; returns how many operations of all threads, two for each."""
    return int(there().smjax_multiply_add(FACTORS[factors], rounds))


def stream(kind: str, arrays: tuple[int, ...], n: int, rounds: int) -> None:
    """Go so often over float32[n] at the addresses a, b, c: read a, copy b to a, or a = b + 3 c.

    Raises ValueError for fewer arrays than that takes.
    """
    a, b, c = (*arrays, None, None)[:3]
    expect_none(there().smjax_stream(STREAMS[kind], a, b, c, n, rounds))


def fork_and_join(count: int) -> None:
    """Hand the threads nothing to do, and wait for them, so often."""
    expect_none(there().smjax_fork_and_join(count))
