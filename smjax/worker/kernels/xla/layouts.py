"""Weight layouts of the `xla` kernel: tiles of 32 outputs, so that a row of a tile is a vector of outputs.

Q4    words  int16[L, I/32, tiles, 8, 32]   word r of a block of 32 inputs holds, from its lowest bits, the stored
                                            nibbles (8 above the weight) of inputs 2r, 2r+16, 2r+1 and 2r+17
      scales f16[L, I/32, tiles, 1, 32]     4.5 bits a weight: GGUF's blocks, transposed two bytes at a time
Q8    values int8[L, I/32, tiles, 32, 32]   Q8_0 (groups of 32 inputs, 8.5 bits) and
      scales f16[L, I/32, tiles, groups, 32]    Q6_K (groups of 16, 9 bits: both of its scales multiplied out)
Dense values [L, I, O]                      F16 and F32 as they are

A block of inputs is read from its first tile to its last in the order in which it lies in memory. With one row for all
outputs, which each begin elsewhere, memory delivers half as fast where they are few (measured at 768 x 768 and 768 x
2048: 7 GB/s against 13).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np

from smjax.core.gguf.encodings import Encoding

Array = Any
"""NumPy while loading, JAX in a program."""
BLOCK = 32
"""Inputs that activations are quantised together."""
TILE = 32
"""Outputs of a tile: a cache line of words, and two vectors of sums."""


@partial(jax.tree_util.register_dataclass, data_fields=["words", "scales"], meta_fields=["encoding", "n_out"])
@dataclass(frozen=True)
class Q4:
    """Four-bit weights (nibble - 8) * scale."""

    words: Array
    scales: Array
    encoding: Encoding
    n_out: int

    @classmethod
    def empty(cls, encoding: Encoding, n_layers: int, n_out: int, n_in: int) -> Q4:
        tiles = partial(_empty_tiles, n_layers, n_out, n_in)
        return cls(tiles(BLOCK // 4, "<i2"), tiles(1, "<f2"), encoding, n_out)

    @property
    def n_in(self) -> int:
        return int(self.words.shape[1]) * BLOCK

    def fill(self, layer: int, first_out: int, raw: np.ndarray) -> None:
        """From Q4_0 blocks: f16 scale, 16 bytes of nibbles."""
        blocks = raw.reshape(-1, self.n_in // BLOCK, 18)
        words = np.ascontiguousarray(blocks[:, :, 2:]).view("<i2")
        _fill_tiles(self.words[layer], first_out, words)
        _fill_tiles(self.scales[layer], first_out, np.ascontiguousarray(blocks[:, :, :2]).view("<f2"))


@dataclass(frozen=True)
class EightBit:
    """How an encoding becomes eight-bit values: `groups` scales for every 32 inputs, no |value| above `peak`."""

    groups: int
    peak: int
    split: Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray]]
    """Values, int8[O, I], and scales, f16[O, I / 32 * groups], of rows of so many inputs."""


@partial(jax.tree_util.register_dataclass, data_fields=["values", "scales"], meta_fields=["form", "encoding", "n_out"])
@dataclass(frozen=True)
class Q8:
    """Eight-bit weights value * scale."""

    values: Array
    scales: Array
    form: EightBit
    encoding: Encoding
    n_out: int

    @classmethod
    def empty(cls, form: EightBit, encoding: Encoding, n_layers: int, n_out: int, n_in: int) -> Q8:
        tiles = partial(_empty_tiles, n_layers, n_out, n_in)
        return cls(tiles(BLOCK, "i1"), tiles(form.groups, "<f2"), form, encoding, n_out)

    @property
    def n_in(self) -> int:
        return int(self.values.shape[1]) * BLOCK

    @property
    def group(self) -> int:
        """Inputs that share a scale."""
        return BLOCK // self.form.groups

    def fill(self, layer: int, first_out: int, raw: np.ndarray) -> None:
        """From whatever `form` splits."""
        values, scales = self.form.split(raw, self.n_in)
        _fill_tiles(self.values[layer], first_out, values.reshape(len(values), self.n_in // BLOCK, -1))
        _fill_tiles(self.scales[layer], first_out, scales.reshape(len(values), self.n_in // BLOCK, -1))


@partial(jax.tree_util.register_dataclass, data_fields=["values"], meta_fields=["encoding"])
@dataclass(frozen=True)
class Dense:
    """Weights as stored, f16 or f32 [L, I, O]."""

    values: Array
    encoding: Encoding

    @classmethod
    def empty(cls, encoding: Encoding, n_layers: int, n_out: int, n_in: int) -> Dense:
        return cls(empty_aligned((n_layers, n_in, n_out), np.dtype(encoding.float_type)), encoding)

    @property
    def n_in(self) -> int:
        return int(self.values.shape[1])

    @property
    def n_out(self) -> int:
        return int(self.values.shape[2])

    def fill(self, layer: int, first_out: int, raw: np.ndarray) -> None:
        """From rows of plain numbers."""
        rows = raw.view(self.values.dtype).reshape(-1, self.n_in)
        _transpose_into(self.values[layer, :, first_out : first_out + len(rows)], rows)


Packed = Q4 | Q8 | Dense


def empty_aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array that starts on a 64-byte boundary, which is what XLA takes over without a copy."""
    n_bytes = int(np.prod(shape)) * dtype.itemsize
    buffer = np.empty(n_bytes + 64, np.uint8)
    start = -buffer.ctypes.data % 64
    return buffer[start : start + n_bytes].view(dtype).reshape(shape)


def _empty_tiles(n_layers: int, n_out: int, n_in: int, rows: int, dtype: str) -> np.ndarray:
    return empty_aligned((n_layers, n_in // BLOCK, -(-n_out // TILE), rows, TILE), np.dtype(dtype))


def _fill_tiles(tiles: np.ndarray, first_out: int, rows: np.ndarray) -> None:
    """Outputs from `first_out` on of tiles [blocks, tiles, values, 32], from rows [outputs, blocks, values]."""
    while len(rows):
        tile, column = divmod(first_out, TILE)
        part = rows[: TILE - column]
        tiles[:, tile, :, column : column + len(part)] = np.moveaxis(part, 0, -1)
        rows, first_out = rows[len(part) :], first_out + len(part)


def _transpose_into(target: np.ndarray, rows: np.ndarray) -> None:
    """target[I, O] = rows[O, I].T in squares that stay in cache: 4 times faster than at once."""
    side = 256
    for o in range(0, rows.shape[0], side):
        for i in range(0, rows.shape[1], side):
            target[i : i + side, o : o + side] = rows[o : o + side, i : i + side].T


def _split_q8_0(raw: np.ndarray, n_in: int) -> tuple[np.ndarray, np.ndarray]:
    """int8[O, I] values and f16[O, I/32] scales of Q8_0 blocks (f16 scale, 32 values)."""
    blocks = raw.reshape(-1, n_in // 32, 34)
    values = blocks[:, :, 2:].reshape(-1, n_in).view(np.int8)
    return values, np.ascontiguousarray(blocks[:, :, :2]).view("<f2")[:, :, 0]


def _split_q6_k(raw: np.ndarray, n_in: int) -> tuple[np.ndarray, np.ndarray]:
    """int8[O, I] values (-32…31) and f16[O, I/16] scales of Q6_K super-blocks of 256."""
    blocks = raw.reshape(-1, n_in // 256, 210)
    n_out = len(blocks)
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


@dataclass(frozen=True)
class Layout:
    """What the kernel makes of one encoding."""

    empty: Callable[[Encoding, int, int, int], Packed]
    """Arrays, not initialised, for so many matrices of so many outputs and inputs."""
    variants: tuple[str, str] | None
    """Of the decode product, by rule: for matrices that stay in the caches and for larger ones; None if it has none."""


LAYOUTS = {
    "Q4_0": Layout(Q4.empty, ("2-streams", "4-streams")),  # the fewest bytes a weight: four places keep memory busy
    "Q8_0": Layout(partial(Q8.empty, EightBit(1, 128, _split_q8_0)), ("2-streams", "2-streams")),
    "Q6_K": Layout(partial(Q8.empty, EightBit(2, 32, _split_q6_k)), ("2-streams", "2-streams")),
    "F16": Layout(Dense.empty, None),
    "F32": Layout(Dense.empty, None),
}
"""By the encoding's name."""


def allocate(encoding: Encoding, n_layers: int, n_out: int, n_in: int) -> Packed:
    """Arrays for `n_layers` matrices [n_out, n_in] stored as `encoding`; not initialised."""
    return LAYOUTS[encoding.name].empty(encoding, n_layers, n_out, n_in)
