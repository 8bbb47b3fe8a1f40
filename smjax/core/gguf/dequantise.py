"""Stored blocks of weights as float32, in NumPy: what every kernel's arithmetic is checked against.

Each function takes uint8[blocks, bytes of a block] and returns f32[blocks, weights of a block].

References: `ggml-quants.c` of ggml, `dequantize_row_*`.
"""

from __future__ import annotations

import numpy as np


def f32(blocks: np.ndarray) -> np.ndarray:
    """Numbers as they are."""
    return blocks.view("<f4").astype(np.float32)


def f16(blocks: np.ndarray) -> np.ndarray:
    """Half-precision numbers."""
    return blocks.view("<f2").astype(np.float32)


def q4_0(blocks: np.ndarray) -> np.ndarray:
    """A scale and 16 bytes: the low nibbles are weights 0 to 15, the high ones 16 to 31."""
    nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
    return f16(blocks[:, :2]) * (nibbles.astype(np.int8) - 8)


def q8_0(blocks: np.ndarray) -> np.ndarray:
    """A scale and 32 signed bytes."""
    return f16(blocks[:, :2]) * blocks[:, 2:].view(np.int8)


def q6_k(blocks: np.ndarray) -> np.ndarray:
    """128 bytes of low nibbles, 64 of high bit pairs, 16 scales of 16 weights each, one scale of scales.

    Each half block of 128 weights is 4 runs of 32: low nibbles of 2 x 32 bytes, then the high ones of the same;
    run r takes its upper 2 bits from bit pair r of the half's 32 high bytes.
    """
    n = len(blocks)
    low, high, scales, scale = np.split(blocks, [128, 192, 208], axis=1)
    nibbles = low.reshape(n, 2, 1, 64) >> np.array([0, 4], np.uint8)[:, None] & 15
    pairs = high.reshape(n, 2, 1, 32) >> np.array([0, 2, 4, 6], np.uint8)[:, None] & 3
    quants = (nibbles.reshape(n, 2, 4, 32) | pairs << 4).astype(np.int8) - 32
    group_scales = f16(scale) * scales.view(np.int8)
    return group_scales[:, :, None] * quants.reshape(n, 16, 16)
