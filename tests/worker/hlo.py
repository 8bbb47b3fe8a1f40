"""What a compiled program keeps in memory, read from its optimised HLO text.

A buffer is the result of an instruction in a computation that runs as such: the entry, bodies and conditions of loops,
called computations. Not buffers: results inside of a fusion that XLA compiles to one loop, where they live in
registers; and tuples, their elements, bitcasts, parameters and the results of `while`, which name memory that something
else has made. What is inside of a `kCustom` fusion counts, as a library runs it, which may keep every step in memory.

References: https://openxla.org/xla/hlo_text_format (via `jax.stages.Compiled.as_text`)
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMPUTATION = re.compile(r"^(ENTRY )?%(\S+) \(.*\{$")
_INSTRUCTION = re.compile(r"^\s+(?:ROOT )?%\S+ = (.+?) ([a-z][a-z0-9-]*)\((.*)$")
_ARRAY = re.compile(r"\b([a-z]+\d+\w*|pred)\[([\d,]*)\]")
_NAMES_ONLY = {"parameter", "tuple", "get-tuple-element", "bitcast", "while", "optimization-barrier"}


@dataclass(frozen=True)
class Array:
    """One array of an instruction's result."""

    dtype: str
    shape: tuple[int, ...]
    opcode: str

    @property
    def size(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class _Computation:
    is_entry: bool
    arrays: list[Array]


def buffers(text: str) -> list[Array]:
    """Every array that the program makes and keeps in memory."""
    fused = set(re.findall(r"kind=k(?!Custom)\w+, calls=%([^\s,]+)", text))
    return [
        array
        for name, computation in _computations(text).items()
        if name not in fused
        for array in computation.arrays
        if array.opcode not in _NAMES_ONLY
    ]


def constants(text: str) -> list[Array]:
    """Every constant, also those inside of fusions."""
    found = _computations(text).values()
    return [array for computation in found for array in computation.arrays if array.opcode == "constant"]


def arguments(text: str) -> list[Array]:
    """The parameters of the program."""
    (entry,) = [computation for computation in _computations(text).values() if computation.is_entry]
    return [array for array in entry.arrays if array.opcode == "parameter"]


def _computations(text: str) -> dict[str, _Computation]:
    found: dict[str, _Computation] = {}
    current = _Computation(False, [])
    for line in text.splitlines():
        if head := _COMPUTATION.match(line):
            current = found[head[2]] = _Computation(head[1] is not None, [])
        elif instruction := _INSTRUCTION.match(line):
            current.arrays.extend(_arrays(instruction[1], instruction[2]))
    return found


def _arrays(result: str, opcode: str) -> Iterator[Array]:
    for dtype, dims in _ARRAY.findall(result):
        yield Array(dtype, tuple(int(d) for d in dims.split(",") if d), opcode)
