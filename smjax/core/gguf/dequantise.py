"""Stored blocks of weights as float32, in NumPy: what every kernel's arithmetic is checked against.

Each function takes uint8[blocks, bytes of a block] and returns f32[blocks, weights of a block].

References: `ggml-quants.c` of ggml, `dequantize_row_*`.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]


def f32(blocks: np.ndarray) -> np.ndarray:
    """Numbers as they are."""
    return blocks.view("<f4").astype(np.float32)


def f16(blocks: np.ndarray) -> Floats:
    """Half-precision numbers."""
    return blocks.view("<f2").astype(np.float32)


def bf16(blocks: np.ndarray) -> np.ndarray:
    """The upper halves of float32."""
    return (blocks.view("<u2").astype(np.uint32) << 16).view(np.float32)


def q4_0(blocks: np.ndarray) -> np.ndarray:
    """A scale and 16 bytes: the low nibbles are weights 0 to 15, the high ones 16 to 31."""
    return f16(blocks[:, :2]) * (_nibbles(blocks[:, 2:]).astype(np.int8) - 8)


def q4_1(blocks: np.ndarray) -> np.ndarray:
    """As Q4_0, with a minimum behind the scale."""
    return f16(blocks[:, :2]) * _nibbles(blocks[:, 4:]) + f16(blocks[:, 2:4])


def q5_0(blocks: np.ndarray) -> np.ndarray:
    """As Q4_0, with 4 bytes of fifth bits behind the scale."""
    return f16(blocks[:, :2]) * (_five_bits(blocks[:, 2:]).astype(np.int8) - 16)


def q5_1(blocks: np.ndarray) -> np.ndarray:
    """As Q5_0, with a minimum behind the scale."""
    return f16(blocks[:, :2]) * _five_bits(blocks[:, 4:]) + f16(blocks[:, 2:4])


def iq4_nl(blocks: np.ndarray) -> np.ndarray:
    """As Q4_0, with nibbles that are places in a table."""
    return f16(blocks[:, :2]) * IQ4_NL_VALUES[_nibbles(blocks[:, 2:])]


IQ4_NL_VALUES = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.int8)


def _nibbles(packed: np.ndarray) -> Bytes:
    """uint8[…, 2n] of uint8[…, n]: the low ones, then the high ones."""
    return np.concatenate([packed & 15, packed >> 4], axis=-1)


def _five_bits(packed: np.ndarray) -> Bytes:
    """uint8[blocks, 32] of 4 bytes, in which bit j is the fifth of weight j, and 16 of nibbles."""
    return _nibbles(packed[:, 4:]) | np.unpackbits(packed[:, :4], axis=1, bitorder="little") << np.uint8(4)


def q4_k(blocks: np.ndarray) -> np.ndarray:
    """A scale of 8 scales and one of 8 minimums, these in 12 bytes, and 8 times 32 weights in 128."""
    return _with_minimums(blocks, q4_k_quants(blocks))


def q5_k(blocks: np.ndarray) -> np.ndarray:
    """As Q4_K, with 32 bytes of fifth bits before the nibbles: bit b of byte j is that of weight j of 32 number b."""
    return _with_minimums(blocks, q5_k_quants(blocks))


def _with_minimums(blocks: np.ndarray, quants: Bytes) -> np.ndarray:
    scales = f16(blocks[:, :4])[:, :, None] * k_scales(blocks)
    return (scales[:, 0, :, None] * quants - scales[:, 1, :, None]).reshape(len(blocks), 256)


def k_scales(blocks: np.ndarray) -> Bytes:
    """uint8[blocks, 2, 8]: the scales and the minimums of Q4_K or Q5_K, 0 to 63.

    Four of each have the lower 6 bits of a byte; of the others lower halves share 4 bytes, and the upper 2 bits of
    the first 8 bytes are theirs.
    """
    own, shared = blocks[:, 4:12].reshape(-1, 2, 4), blocks[:, 12:16]
    others = np.stack([shared & 15, shared >> 4], axis=1) | own >> 6 << np.uint8(4)
    return np.concatenate([own & 63, others], axis=2)


def q4_k_quants(blocks: np.ndarray) -> Bytes:
    """uint8[blocks, 8, 32], 0 to 15: of every 32 bytes first the low nibbles, then the high ones."""
    return _nibbles(blocks[:, -128:].reshape(-1, 4, 32)).reshape(-1, 8, 32)


def q5_k_quants(blocks: np.ndarray) -> Bytes:
    """uint8[blocks, 8, 32], 0 to 31."""
    fifths = blocks[:, None, 16:48] >> np.arange(8, dtype=np.uint8)[:, None] & np.uint8(1)
    return q4_k_quants(blocks) | fifths << np.uint8(4)


def q8_0(blocks: np.ndarray) -> np.ndarray:
    """A scale and 32 signed bytes."""
    return f16(blocks[:, :2]) * blocks[:, 2:].view(np.int8)


def q6_k(blocks: np.ndarray) -> np.ndarray:
    """128 bytes of low nibbles, 64 of high bit pairs, 16 scales of 16 weights each, one scale of scales."""
    scales = f16(blocks[:, 208:]) * blocks[:, 192:208].view(np.int8)
    return (scales[:, :, None] * (q6_k_quants(blocks).astype(np.int8) - 32).reshape(-1, 16, 16)).reshape(-1, 256)


def q6_k_quants(blocks: np.ndarray) -> Bytes:
    """uint8[blocks, 256], 0 to 63.

    Each half block of 128 weights is 4 runs of 32: low nibbles of 2 x 32 bytes, then the high ones of the same;
    run r takes its upper 2 bits from bit pair r of the half's 32 high bytes.
    """
    n = len(blocks)
    nibbles = blocks[:, :128].reshape(n, 2, 1, 64) >> np.array([0, 4], np.uint8)[:, None] & np.uint8(15)
    pairs = blocks[:, 128:192].reshape(n, 2, 1, 32) >> np.array([0, 2, 4, 6], np.uint8)[:, None] & np.uint8(3)
    return (nibbles.reshape(n, 2, 4, 32) | pairs << np.uint8(4)).reshape(n, 256)
