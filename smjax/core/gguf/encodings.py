"""The tensor encodings that smjax reads, and how large they are.

References: block layouts as in ggml's `ggml-common.h` (Q4_0, Q8_0, Q6_K).
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Encoding:
    """A GGML tensor type: `block` weights are stored together in `block_bytes` bytes."""

    name: str
    code: int
    """Number of the type in a GGUF file."""
    block: int
    block_bytes: int


ENCODINGS = {
    encoding.name: encoding
    for encoding in (
        Encoding("F32", 0, 1, 4),
        Encoding("F16", 1, 1, 2),
        Encoding("Q4_0", 2, 32, 18),
        Encoding("Q8_0", 8, 32, 34),
        Encoding("Q6_K", 14, 256, 210),
    )
}


@dataclass(frozen=True)
class TensorInfo:
    """One stored tensor: `shape` is row-major (rows last-to-first of GGUF), e.g. (N outputs, K inputs)."""

    name: str
    encoding: Encoding
    shape: tuple[int, ...]

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) // self.encoding.block * self.encoding.block_bytes
