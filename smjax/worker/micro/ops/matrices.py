"""Random matrices in any encoding, as files store them and as kernels pack them."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np

from smjax.core.gguf.encodings import BF16, ENCODINGS, F32, Encoding
from smjax.worker.kernels import Kernel, Packed

PART_BYTES = 2**22
"""Of stored rows that are unpacked at once."""
_BY_KIND = {encoding.name.lower(): encoding for encoding in ENCODINGS.values()}


@dataclass(frozen=True)
class StoredMatrix:
    """[n_out, n_in] as a file stores it."""

    encoding: Encoding
    n_out: int
    n_in: int
    raw: np.ndarray
    """uint8[n_out, bytes of a row]."""

    @classmethod
    def drawn(cls, kind: str, n_out: int, n_in: int, random: np.random.Generator) -> StoredMatrix:
        """Of the encoding that is called `kind` in lower case.

        Floats are normal where they are weights; where they scale a block they are about as large as each other, and of
        either sign, so that no rows are alike. All other bits are any.
        """
        encoding = _BY_KIND[kind]
        n_blocks = n_out * n_in // encoding.block
        blocks = random.integers(0, 256, (n_blocks, encoding.block_bytes), np.uint8)
        for place in encoding.floats_at:
            floats = random.standard_normal(n_blocks) if encoding.block == 1 else _scales(n_blocks, random)
            blocks[:, place : place + encoding.float_type.n_bytes] = _stored(encoding, floats.astype(np.float32))
        return cls(encoding, n_out, n_in, blocks.reshape(n_out, -1))

    def rows(self, ids: np.ndarray) -> np.ndarray:
        """float64 of some rows."""
        return self.encoding.dequantise(self.raw[ids], (len(ids), self.n_in)).astype(np.float64)

    def times(self, x: np.ndarray) -> np.ndarray:
        """float64[T, n_out] of x [T, n_in]; some rows are unpacked after the other."""
        step = max(1, PART_BYTES // self.raw.shape[1])
        parts = [np.arange(first, min(first + step, self.n_out)) for first in range(0, self.n_out, step)]
        return np.concatenate([x.astype(np.float64) @ self.rows(part).T for part in parts], axis=-1)

    def packed(self, kernel: Kernel) -> Packed:
        """As the kernel has it, where programs read it."""
        packed = kernel.allocate(self.encoding, 1, self.n_out, self.n_in)
        kernel.fill(packed, 0, 0, self.raw.reshape(-1))
        return jax.tree.map(jax.device_put, packed)


def _scales(n: int, random: np.random.Generator) -> np.ndarray:
    return random.uniform(0.0075, 0.0125, n) * random.choice([-1, 1], n)


def _stored(encoding: Encoding, floats: np.ndarray) -> np.ndarray:
    """uint8[n, bytes of one] of f32[n]."""
    if encoding.float_type == BF16:
        stored = (floats.view(np.uint32) >> 16).astype("<u2")
    else:
        stored = floats.astype("<f4" if encoding.float_type == F32 else "<f2")
    return stored.view(np.uint8).reshape(len(floats), -1)
