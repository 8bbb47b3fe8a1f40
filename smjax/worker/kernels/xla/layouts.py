"""Weight layouts of the `xla` kernel: outputs contiguous, so that one row of an array is a vector of N outputs.

Q4   words  int16[L, K/4, N]    word r of a block of 32 inputs holds, from its lowest bits, the weights of
                                inputs 2r, 2r+16, 2r+1 and 2r+17 as signed nibbles (-8…7)
     scales f16[L, K/32, N]     4.5 bits a weight: GGUF's blocks, transposed two bytes at a time
Q8   values int8[L, K, N]       Q8_0 (groups of 32 inputs, 8.5 bits) and
     scales f16[L, K/group, N]  Q6_K (groups of 16, 9 bits: both of its scales multiplied out)
Dense values [L, K, N]          F16 and F32 as they are
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np

Array = Any
"""NumPy while loading, JAX in a program."""


@partial(jax.tree_util.register_dataclass, data_fields=["words", "scales"], meta_fields=[])
@dataclass(frozen=True)
class Q4:
    """Four-bit weights nibble * scale; int16[L, K/4, N] and f16[L, K/32, N]."""

    words: Array
    scales: Array

    def fill(self, layer: int, outs: slice, raw: np.ndarray) -> None:
        blocks = raw.reshape(outs.stop - outs.start, -1, 18)
        # Stored nibbles are 8 above the weight: flipping their highest bits makes them signed.
        words = np.ascontiguousarray(blocks[:, :, 2:]).view("<u2") ^ np.uint16(0x8888)
        _transpose_into(self.words[layer, :, outs], words.view("<i2").reshape(len(words), -1))
        _transpose_into(self.scales[layer, :, outs], np.ascontiguousarray(blocks[:, :, :2]).view("<f2")[:, :, 0])


@partial(jax.tree_util.register_dataclass, data_fields=["values", "scales"], meta_fields=["peak"])
@dataclass(frozen=True)
class Q8:
    """Eight-bit weights value * scale; int8[L, K, N] and f16[L, K/group, N]; no |value| is above `peak`."""

    values: Array
    scales: Array
    peak: int

    @property
    def group(self) -> int:
        return self.values.shape[1] // self.scales.shape[1]

    def fill(self, layer: int, outs: slice, raw: np.ndarray) -> None:
        split = _split_q8_0 if self.group == 32 else _split_q6_k
        values, scales = split(raw, outs.stop - outs.start)
        _transpose_into(self.values[layer, :, outs], values)
        _transpose_into(self.scales[layer, :, outs], scales)


@partial(jax.tree_util.register_dataclass, data_fields=["values"], meta_fields=[])
@dataclass(frozen=True)
class Dense:
    """Weights as stored, f16 or f32 [L, K, N]."""

    values: Array

    def fill(self, layer: int, outs: slice, raw: np.ndarray) -> None:
        rows = raw.view(self.values.dtype).reshape(outs.stop - outs.start, -1)
        _transpose_into(self.values[layer, :, outs], rows)


def allocate(encoding: str, n_layers: int, n_out: int, n_in: int) -> Q4 | Q8 | Dense:
    """Uninitialised arrays for `n_layers` matrices [n_out, n_in] stored as `encoding`."""

    def empty(rows: int, dtype: str) -> np.ndarray:
        return empty_aligned((n_layers, rows, n_out), np.dtype(dtype))

    match encoding:
        case "Q4_0":
            return Q4(empty(n_in // 4, "<i2"), empty(n_in // 32, "<f2"))
        case "Q8_0":
            return Q8(empty(n_in, "i1"), empty(n_in // 32, "<f2"), peak=128)
        case "Q6_K":
            return Q8(empty(n_in, "i1"), empty(n_in // 16, "<f2"), peak=32)
        case "F16" | "F32":
            return Dense(empty(n_in, "<f2" if encoding == "F16" else "<f4"))
    raise ValueError(f"no layout for {encoding}")


def empty_aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array that starts on a 64-byte boundary, which is what XLA takes over without a copy."""
    n_bytes = int(np.prod(shape)) * dtype.itemsize
    buffer = np.empty(n_bytes + 64, np.uint8)
    start = -buffer.ctypes.data % 64
    return buffer[start : start + n_bytes].view(dtype).reshape(shape)


def _transpose_into(target: np.ndarray, rows: np.ndarray) -> None:
    """target[K, N] = rows[N, K].T in tiles that stay in cache: 4 times faster than at once."""
    tile = 256
    for n in range(0, rows.shape[0], tile):
        for k in range(0, rows.shape[1], tile):
            target[k : k + tile, n : n + tile] = rows[n : n + tile, k : k + tile].T


def _split_q8_0(raw: np.ndarray, n_out: int) -> tuple[np.ndarray, np.ndarray]:
    """int8[N, K] values and f16[N, K/32] scales of Q8_0 blocks (f16 scale, 32 values)."""
    blocks = raw.reshape(n_out, -1, 34)
    values = blocks[:, :, 2:].reshape(n_out, -1).view(np.int8)
    return values, np.ascontiguousarray(blocks[:, :, :2]).view("<f2")[:, :, 0]


def _split_q6_k(raw: np.ndarray, n_out: int) -> tuple[np.ndarray, np.ndarray]:
    """int8[N, K] values (-32…31) and f16[N, K/16] scales of Q6_K super-blocks of 256."""
    blocks = raw.reshape(n_out, -1, 210)
    low = blocks[:, :, :128].reshape(n_out, -1, 2, 1, 64)
    high = blocks[:, :, 128:192].reshape(n_out, -1, 2, 1, 32)
    # Each half of 128 inputs: quarter q takes nibble q // 2 of its 32 low bytes and bits 2q of the high ones.
    low = (low >> np.array([0, 4], np.uint8)[:, None]) & 15
    high = (high >> np.array([0, 2, 4, 6], np.uint8)[:, None]) & 3
    values = low.reshape(*high.shape) | (high << 4)
    values = values.reshape(n_out, -1).view(np.int8) - np.int8(32)
    group_scales = blocks[:, :, 192:208].view(np.int8).astype(np.float32)
    block_scales = np.ascontiguousarray(blocks[:, :, 208:]).view("<f2").astype(np.float32)
    return values, (group_scales * block_scales).reshape(n_out, -1).astype(np.float16)
