"""What the `xla` kernel keeps of an encoding in blocks of 32 inputs, and how stored rows are split into that.

Of one output a block has 4 bits of each quant in 8 words of 16 bits: word r holds, from its lowest bits, those of
inputs 2r, 2r+16, 2r+1 and 2r+17, which is how GGUF's blocks of 32 lie. What quants have above 4 bits follows in the
order of the inputs, from the lowest bits of the first word on. Quants of 8 bits are bytes, their values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import jax
import numpy as np

from smjax.core.gguf import dequantise
from smjax.core.gguf.dequantise import Bytes

BLOCK = 32
"""Inputs that activations are quantised together."""
A = TypeVar("A")


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["quants", "scales", "upper", "minimums", "shared"],
    meta_fields=[],
)
@dataclass(frozen=True)
class Parts(Generic[A]):
    """Arrays [outputs, blocks, rows] of stored rows, or those of tiles (layouts.py)."""

    quants: A
    """int16, 8 rows, or int8, 32 of them."""
    scales: A
    """f16, one for each group of inputs; or uint8, where `shared` multiplies them."""
    upper: A | None = None
    """int16, 2 rows for each bit above 4."""
    minimums: A | None = None
    """Added to all weights of a block: as a scale."""
    shared: A | None = None
    """f16, 2 rows, of 8 blocks: what their scales and their minimums are multiplied with."""


@dataclass(frozen=True)
class Form:
    """How an encoding is kept."""

    bits: int
    """Of a quant: 4, 5, 6, or 8, which is signed."""
    split: Callable[[np.ndarray, int], Parts[np.ndarray]]
    """The parts of stored rows, uint8[n_bytes], of so many inputs."""
    above: int = 0
    """By how much a quant is above the value that its scale multiplies."""
    groups: int = 1
    """Of a block, each with a scale."""
    table: tuple[int, ...] = ()
    """Values that quants of 4 bits are places of."""

    @property
    def centre(self) -> int:
        """What is subtracted from quants for the smallest integers."""
        return 0 if self.bits == 8 or self.table else 1 << (self.bits - 1)

    @property
    def peak(self) -> int:
        """The largest of these integers, whatever its sign."""
        return max(map(abs, self.table)) if self.table else 1 << (self.bits - 1)


def _split_plain(raw: np.ndarray, n_in: int, upper: int = 0, minimum: bool = False) -> Parts[np.ndarray]:
    """Blocks of an f16 scale, a minimum where there is one, words of upper bits, and words as they are."""
    n_words = 1 + minimum + upper + 8
    words = raw.view("<i2").reshape(-1, n_in // BLOCK, n_words)
    floats = words.view("<f2")
    return Parts(
        words[:, :, -8:],
        floats[:, :, :1],
        words[:, :, -8 - upper : -8] if upper else None,
        floats[:, :, 1:2] if minimum else None,
    )


def _split_q8_0(raw: np.ndarray, n_in: int) -> Parts[np.ndarray]:
    blocks = raw.reshape(-1, n_in // BLOCK, 34)
    return Parts(blocks[:, :, 2:].view(np.int8), blocks[:, :, :2].view("<f2"))


def _split_k(
    raw: np.ndarray, n_in: int, block_bytes: int, bits: int, quants_of: Callable[[np.ndarray], Bytes]
) -> Parts[np.ndarray]:
    """Super-blocks of 256; what they subtract is added here."""
    blocks, of_row = raw.reshape(-1, block_bytes), partial(_of_row, n_in // BLOCK)
    quants, scales = quants_of(blocks), dequantise.k_scales(blocks)
    of_all = blocks[:, :4].view("<f2") * np.array([1, -1], np.float16)
    return Parts(
        of_row(_words(quants)),
        of_row(scales[:, 0, :, None]),
        of_row(_upper_words(quants, bits)) if bits > 4 else None,
        of_row(scales[:, 1, :, None]),
        of_all.reshape(-1, n_in // 256, 2),
    )


def _split_q6_k(raw: np.ndarray, n_in: int) -> Parts[np.ndarray]:
    """Super-blocks of 256, both of whose scales are multiplied out."""
    blocks, of_row = raw.reshape(-1, 210), partial(_of_row, n_in // BLOCK)
    quants = dequantise.q6_k_quants(blocks).reshape(-1, 8, BLOCK)
    scales = blocks[:, 192:208].view(np.int8) * blocks[:, 208:].view("<f2").astype(np.float32)
    return Parts(
        of_row(_words(quants)),
        of_row(scales.astype(np.float16).reshape(-1, 8, 2)),
        of_row(_upper_words(quants, 6)),
    )


def _of_row(n_blocks: int, values: np.ndarray) -> np.ndarray:
    """[outputs, blocks of a row, values] of [stored blocks, blocks, values]."""
    return values.reshape(-1, n_blocks, values.shape[-1])


def _words(quants: Bytes) -> np.ndarray:
    """int16[…, 8] of the lowest 4 bits of uint8[…, 32]."""
    return (quants[..., :16] & 15 | quants[..., 16:] << 4).view("<i2")


def _upper_words(quants: Bytes, bits: int) -> np.ndarray:
    """int16[…, 2 * (bits - 4)] of what uint8[…, 32] have above 4 bits."""
    upper = np.unpackbits(quants[..., None] >> np.uint8(4), axis=-1, count=bits - 4, bitorder="little")
    n_bits = quants.shape[-1] * (bits - 4)
    return np.packbits(upper.reshape(*quants.shape[:-1], n_bits), axis=-1, bitorder="little").view("<i2")


Q4_0 = Form(4, _split_plain, above=8)
Q4_1 = Form(4, partial(_split_plain, minimum=True))
Q5_0 = Form(5, partial(_split_plain, upper=2), above=16)
Q5_1 = Form(5, partial(_split_plain, upper=2, minimum=True))
Q8_0 = Form(8, _split_q8_0)
Q4_K = Form(4, partial(_split_k, block_bytes=144, quants_of=dequantise.q4_k_quants, bits=4))
Q5_K = Form(5, partial(_split_k, block_bytes=176, quants_of=dequantise.q5_k_quants, bits=5))
Q6_K = Form(6, _split_q6_k, above=32, groups=2)
IQ4_NL = Form(4, _split_plain, table=tuple(map(int, dequantise.IQ4_NL_VALUES)))
