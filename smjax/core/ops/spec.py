"""What an op of the microbenchmarks is, as data: what computes it is imported by its worker alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

KERNELS = ("native", "xla")
NUMBER_BYTES = 24
"""Of an input's or output's number: itself, in float64, and what computing with that takes for a moment."""
WEIGHT_BYTES = 16
"""Of a packed weight: stored, packed, unpacked in float64, and what unpacking takes for a moment."""


@dataclass(frozen=True)
class Shape:
    """At which sizes, and of which kind, an op is measured."""

    sizes: tuple[int, ...]
    kind: str = ""
    """Of an op of several: the first part of its text."""

    @property
    def text(self) -> str:
        """`KIND:AxBxC`, as far as there are both: one text for one shape."""
        return ":".join(filter(None, [self.kind, "x".join(map(str, self.sizes))]))

    @property
    def elements(self) -> int:
        """All sizes multiplied."""
        return math.prod(self.sizes)


@dataclass(frozen=True)
class OpSpec:
    """One op: its sizes, its kinds, and what it takes."""

    name: str
    meaning: str
    sizes: tuple[str, ...] | None
    """Names of the sizes, in a shape's order; empty for an op without; None where there may be any number of them."""
    shapes: tuple[str, ...]
    """What is measured unless shapes are asked for; the first by itself where each op is to run once."""
    needed_bytes: Callable[[Shape], float]
    """Memory that a point takes, about: inputs, output, and the same in float64 for the check."""
    kinds: tuple[str, ...] = ()
    """What may stand before the sizes: the first unless another is asked for."""
    is_any_kind: bool = False
    """`kinds` are those that have names, and any other text (of a file) is judged by the worker."""
    kernels: tuple[str, ...] = KERNELS
    kernels_of_kind: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of those kinds that fewer kernels have."""
    why_not: Callable[[Shape], str | None] = lambda shape: None
    """What is wrong with a shape of positive sizes: `expected …, found …`; None where nothing is."""

    def kernels_for(self, shape: Shape) -> tuple[str, ...]:
        """Those that compute it at that shape."""
        return self.kernels_of_kind.get(shape.kind, self.kernels)
