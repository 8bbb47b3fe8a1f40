"""Weight layouts of the `xla` kernel: tiles of 32 outputs, so that a row of a tile is a vector of outputs.

Blocks  arrays [L, I/32, tiles, rows, 32] of what `Parts` lists: quants, 4 bits of which are in words of 16 bits and
        what they have more in words beside them; scales, minimums
Dense   values [L, I, O] of F16, BF16 and F32 as they are

A block of inputs is read from its first tile to its last in the order in which it lies in memory. With one row for all
outputs, which each begin elsewhere, memory delivers half as fast where they are few (measured at 768 x 768 and 768 x
2048: 7 GB/s against 13).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np

from smjax.core.gguf.encodings import Encoding
from smjax.worker.kernels.xla import forms
from smjax.worker.kernels.xla.forms import BLOCK, Form, Parts

Array = Any
"""NumPy while loading, JAX in a program."""
TILE = 32
"""Outputs of a tile: a cache line of words, and two vectors of sums."""


@partial(jax.tree_util.register_dataclass, data_fields=["parts"], meta_fields=["form", "encoding", "n_out"])
@dataclass(frozen=True)
class Blocks:
    """Weights in blocks of 32 inputs."""

    parts: Parts[Array]
    form: Form
    encoding: Encoding
    n_out: int

    @classmethod
    def empty(cls, form: Form, encoding: Encoding, n_layers: int, n_out: int, n_in: int) -> Blocks:
        nothing = form.split(np.empty(0, np.uint8), n_in)
        return cls(jax.tree.map(partial(_empty_tiles, n_layers, n_out), nothing), form, encoding, n_out)

    @property
    def n_in(self) -> int:
        return int(self.parts.quants.shape[1]) * BLOCK

    @property
    def n_layers(self) -> int:
        return int(self.parts.quants.shape[0])

    @property
    def n_tiles(self) -> int:
        return int(self.parts.quants.shape[2])

    def fill(self, layer: int, first_out: int, raw: np.ndarray) -> None:
        """From stored rows."""
        split = self.form.split(raw, self.n_in)
        jax.tree.map(lambda tiles, rows: _fill_tiles(tiles[layer], first_out, rows), self.parts, split)


@partial(jax.tree_util.register_dataclass, data_fields=["values"], meta_fields=["encoding"])
@dataclass(frozen=True)
class Dense:
    """Weights as stored, f16 or f32 [L, I, O]; bfloat16 as its bits, uint16."""

    values: Array
    encoding: Encoding

    @classmethod
    def empty(cls, dtype: str, encoding: Encoding, n_layers: int, n_out: int, n_in: int) -> Dense:
        return cls(empty_aligned((n_layers, n_in, n_out), np.dtype(dtype)), encoding)

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


Packed = Blocks | Dense


def empty_aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array that starts on a 64-byte boundary, which is what XLA takes over without a copy."""
    n_bytes = math.prod(shape) * dtype.itemsize
    buffer = np.empty(n_bytes + 64, np.uint8)
    start = -buffer.ctypes.data % 64
    return buffer[start : start + n_bytes].view(dtype).reshape(shape)


def _empty_tiles(n_layers: int, n_out: int, rows: np.ndarray) -> np.ndarray:
    """Of outputs like those in rows [outputs, blocks, values]."""
    _, n_blocks, n_values = rows.shape
    return empty_aligned((n_layers, n_blocks, -(-n_out // TILE), n_values, TILE), rows.dtype)


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


@dataclass(frozen=True)
class Layout:
    """What the kernel makes of one encoding."""

    empty: Callable[[Encoding, int, int, int], Packed]
    """Arrays, not initialised, for so many matrices of so many outputs and inputs."""
    variants: tuple[str, str] | None
    """Of the decode product, by rule: for matrices that stay in the caches and for larger ones; None if it has none."""


def in_blocks(form: Form, small: str = "2-streams", large: str = "2-streams") -> Layout:
    """The layout of an encoding that is kept in `form`."""
    return Layout(partial(Blocks.empty, form), (small, large))


LAYOUTS = {
    # The fewest bytes a weight: four places keep memory busy.
    "Q4_0": in_blocks(forms.Q4_0, large="4-streams"),
    "Q4_1": in_blocks(forms.Q4_1, large="4-streams"),
    "Q5_0": in_blocks(forms.Q5_0),
    "Q5_1": in_blocks(forms.Q5_1),
    "Q8_0": in_blocks(forms.Q8_0),
    "Q4_K": in_blocks(forms.Q4_K, large="4-streams"),
    "Q5_K": in_blocks(forms.Q5_K),
    "Q6_K": in_blocks(forms.Q6_K),
    "IQ4_NL": in_blocks(forms.IQ4_NL),
    "F16": Layout(partial(Dense.empty, "<f2"), None),
    "BF16": Layout(partial(Dense.empty, "<u2"), None),
    "F32": Layout(partial(Dense.empty, "<f4"), None),
}
"""By the encoding's name."""


def allocate(encoding: Encoding, n_layers: int, n_out: int, n_in: int) -> Packed:
    """Arrays for `n_layers` matrices [n_out, n_in] stored as `encoding`; not initialised."""
    return LAYOUTS[encoding.name].empty(encoding, n_layers, n_out, n_in)
