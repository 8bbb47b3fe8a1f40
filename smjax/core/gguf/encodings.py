"""The tensor encodings that smjax reads, each with all that is known of it; another one is one more entry.

What a kernel needs besides is its own layout of the encoding, listed beside that kernel.

References: block layouts as in ggml's `ggml-common.h`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from smjax.core.gguf import dequantise as to_f32


@dataclass(frozen=True)
class FloatType:
    """How a file stores a number: a sign, an exponent and a fraction."""

    n_bytes: int
    infinity: int
    """Its bits; those of what is no number are above, but for the sign."""

    def first_not_finite(self, floats: np.ndarray) -> int | None:
        """Place of the first in uint8[n, n_bytes] that is infinite or not a number.

        As integers these are at infinity or above, of either sign: a quarter of the time of `isfinite`.
        """
        numbers = np.ascontiguousarray(floats).view(f"<u{self.n_bytes}")[:, 0]
        sign = 1 << (8 * self.n_bytes - 1)
        if not len(numbers) or (
            numbers.max() < self.infinity + sign and numbers.view(f"<i{self.n_bytes}").max() < self.infinity
        ):
            return None
        return int(np.argmax((numbers & (sign - 1)) >= self.infinity))


F16, BF16, F32 = FloatType(2, 0x7C00), FloatType(2, 0x7F80), FloatType(4, 0x7F800000)


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
    float_type: FloatType = F16
    floats_at: tuple[int, ...] = (0,)
    """Where in a block its floats lie: the weight itself, or what scales all of them, and their minimums."""
    vector: bool = False
    """Norms and biases may be stored in it."""

    def row_bytes(self, n_in: int) -> int:
        """Bytes of `n_in` weights in whole blocks."""
        return n_in // self.block * self.block_bytes

    def dequantise(self, raw: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """float32[shape] from `raw`, the uint8 bytes of a tensor (or of whole rows of it)."""
        return self.blocks_to_f32(raw.reshape(-1, self.block_bytes)).reshape(shape)

    def first_not_finite(self, raw: np.ndarray) -> int | None:
        """Number of the first block of a tensor's bytes, uint8[n_bytes], with a float that is infinite or no number."""
        blocks, size = raw.reshape(-1, self.block_bytes), self.float_type.n_bytes
        found = (self.float_type.first_not_finite(blocks[:, at : at + size]) for at in self.floats_at)
        return min((block for block in found if block is not None), default=None)


ENCODINGS = {
    encoding.name: encoding
    for encoding in (
        Encoding("F32", 0, 1, 4, to_f32.f32, F32, vector=True),
        Encoding("F16", 1, 1, 2, to_f32.f16, vector=True),
        Encoding("BF16", 30, 1, 2, to_f32.bf16, BF16, vector=True),
        Encoding("Q4_0", 2, 32, 18, to_f32.q4_0),
        Encoding("Q4_1", 3, 32, 20, to_f32.q4_1, floats_at=(0, 2)),
        Encoding("Q5_0", 6, 32, 22, to_f32.q5_0),
        Encoding("Q5_1", 7, 32, 24, to_f32.q5_1, floats_at=(0, 2)),
        Encoding("Q8_0", 8, 32, 34, to_f32.q8_0),
        Encoding("Q4_K", 12, 256, 144, to_f32.q4_k, floats_at=(0, 2)),
        Encoding("Q5_K", 13, 256, 176, to_f32.q5_k, floats_at=(0, 2)),
        Encoding("Q6_K", 14, 256, 210, to_f32.q6_k, floats_at=(208,)),
        Encoding("IQ4_NL", 20, 32, 18, to_f32.iq4_nl),
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
