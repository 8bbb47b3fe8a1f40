"""The tensor encodings that smjax reads, each with all that is known of it; another one is one more entry.

What a kernel needs besides is its own layout of the encoding, listed beside that kernel.

References: block layouts as in ggml's `ggml-common.h` (Q4_0, Q8_0, Q6_K).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from smjax.core.gguf.dequantise import f16, f32, q4_0, q6_k, q8_0


@dataclass(frozen=True)
class Encoding:
    """A GGML tensor type: `block` weights are stored together in `block_bytes` bytes."""

    name: str
    code: int
    """Number of the type in a GGUF file."""
    block: int
    block_bytes: int
    blocks_to_f32: Callable[[np.ndarray], np.ndarray]
    """f32[blocks, block] of uint8[blocks, block_bytes]."""
    float_type: Literal["<f2", "<f4"] = "<f2"
    float_at: int = 0
    """Where in a block its one float lies: the weight itself, or what scales all of them."""
    vector: bool = False
    """Norms and biases may be stored in it."""

    def row_bytes(self, n_in: int) -> int:
        """Bytes of `n_in` weights in whole blocks."""
        return n_in // self.block * self.block_bytes

    def dequantise(self, raw: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """float32[shape] from `raw`, the uint8 bytes of a tensor (or of whole rows of it)."""
        return self.blocks_to_f32(raw.reshape(-1, self.block_bytes)).reshape(shape)

    def first_not_finite(self, raw: np.ndarray) -> int | None:
        """Number of the first block of a tensor's bytes, uint8[n_bytes], whose float is infinite or not a number."""
        blocks = raw.reshape(-1, self.block_bytes)
        size = np.dtype(self.float_type).itemsize
        floats = np.ascontiguousarray(blocks[:, self.float_at : self.float_at + size].view(self.float_type)[:, 0])
        infinity = int(np.array(np.inf, self.float_type).view(f"<i{size}"))
        sign = 1 << (8 * size - 1)
        # As integers the others are above infinity, of either sign: a quarter of the time of `isfinite`.
        numbers = floats.view(f"<u{size}")
        if not len(floats) or (numbers.max() < infinity + sign and numbers.view(f"<i{size}").max() < infinity):
            return None
        return int(np.argmax(~np.isfinite(floats)))


ENCODINGS = {
    encoding.name: encoding
    for encoding in (
        Encoding("F32", 0, 1, 4, f32, float_type="<f4", vector=True),
        Encoding("F16", 1, 1, 2, f16, vector=True),
        Encoding("Q4_0", 2, 32, 18, q4_0),
        Encoding("Q8_0", 8, 32, 34, q8_0),
        Encoding("Q6_K", 14, 256, 210, q6_k, float_at=208),
    )
}
VECTOR_ENCODINGS = tuple(encoding.name for encoding in ENCODINGS.values() if encoding.vector)


@dataclass(frozen=True)
class TensorInfo:
    """One stored tensor: `shape` is row-major (rows last-to-first of GGUF), e.g. (outputs, inputs)."""

    name: str
    encoding: Encoding
    shape: tuple[int, ...]

    @property
    def n_bytes(self) -> int:
        return self.encoding.row_bytes(math.prod(self.shape))
