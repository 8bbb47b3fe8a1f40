"""The protocol of an op: one function of arrays, its inputs, and what it must come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Peak = Literal["", "fma", "dot", "any-fma", "any-dot"]
"""What arithmetic consists of: multiply-adds of floats, or of bytes, by the process's instruction set or by any that a
library may choose; empty where no peak is known of it."""


@dataclass(frozen=True)
class Work:
    """What one call of an op is; the same for smjax's own ops and for a user's."""

    run: Callable[..., Any]
    """Of the inputs, traceable by JAX; all that it returns is used."""
    inputs: tuple[Any, ...]
    """Arrays, or trees of arrays: arguments of the program, and never constants in it."""
    bytes: int
    """What one call has to read and to write."""
    flops: int
    """A multiply-add counts two; 0 where nothing worth counting is computed."""
    reference: Callable[..., Any] | Any
    """What `run` has to return, as NumPy computes it in float64; or a function of the inputs that does. All that takes
    the place of an input may be left out of it."""
    tolerance: float = 1e-5
    """Largest mean squared error, as a share of the mean square of the reference."""
    peak: Peak = ""
    """Which of the machine's peaks the arithmetic is held against."""
    in_place: int = 0
    """So many of the first inputs are handed over, and the first outputs take their place in the next call."""
    run_many: Callable[[int], Any] | None = None
    """Of an op that no program of JAX can be: so many calls in a row; `run` is then called as it is, for the check."""
    moves_alone: bool = False
    """It does nothing but move its bytes: the rate at which it does that is one of the machine's."""
