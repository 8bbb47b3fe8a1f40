"""One thing that a microbenchmark measures, and what its worker says of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from smjax.core.records.quantities import Bytes, Index, Limits, OneOf, Rate, Size

Cache = Literal["hot", "cold"]
PEAKS = ("", "fma", "dot", "any-fma", "any-dot")
POINT_STATUSES = ("ok", "failed")

_Change = Annotated[float, Limits(-(10**15), 10**15, "a number")]


@dataclass(frozen=True)
class Point:
    """An op at a shape."""

    op: str
    """A name of `smjax.core.ops`, or `module:function` of a user's own."""
    shape: str
    """`KIND:AxBxC` in full, as `smjax.core.ops.shape` writes it."""
    cache: Cache = "hot"
    """Where its inputs lie before each call: `cold` is behind a walk over more than the last-level cache."""


@dataclass(slots=True)
class CallSample:
    """Nanoseconds a call, of as many calls as one look at the clock is worth."""

    call_ns: Rate | None = None
    """Dispatched from Python and waited for."""
    loop_ns: Rate | None = None
    """Inside of a loop in one program."""


@dataclass
class PointAnswer:
    """A point as far as its process got with it. What is not known is None, and no figure is made up for it."""

    point: Point
    status: Annotated[str, OneOf(POINT_STATUSES)] = "ok"
    reason: str = ""
    """One line; empty if the status is ok."""
    place: Index = 0
    """In the order, drawn at random, in which the process measured its points."""
    samples: list[CallSample] = field(default_factory=list)
    calls_per_sample: Size | None = None
    """Calls from Python that each look at the clock is of; the more, the shorter they are."""
    rounds_per_sample: Size | None = None
    """The same of those in a loop."""
    flops: Rate = 0
    """Of one call; a multiply-add counts two."""
    bytes: Bytes = 0
    """That one call has to read and write."""
    peak: Annotated[str, OneOf(PEAKS)] = ""
    """What the op's arithmetic is made of: multiply-adds of floats or of bytes, by the process's instruction set or by
    any of the machine's; empty where no peak is known of it."""
    peak_flop_per_s: Rate | None = None
    """Of this machine, by what the op's arithmetic is made of, on as many threads."""
    bandwidth_bytes_per_s: Rate | None = None
    """Of the level of the caches, or memory, that the op's working set fits in, read by as many threads."""
    bandwidth_level: str | None = None
    temp_bytes: Bytes | None = None
    """Of the compiled program, beside its inputs and outputs."""
    growth_bytes_per_1000_calls: _Change | None = None
    """Of anonymous memory."""
    nmse: Rate | None = None
    """Error against NumPy's result, before the clock: mean square, as a share of the result's own."""
