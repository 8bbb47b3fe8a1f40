"""Cosines and sines of RoPE at some positions, for the layers that see all and for those that do not.

References: Su et al. 2021 (RoFormer); `ggml_rope_ext` of llama.cpp (scaling, factors and the size of what is turned);
Peng et al. 2023 (YaRN).
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from smjax.core.models.config import DecoderConfig, Rope
from smjax.worker.kernels.shapes import Array, Float, Int
from smjax.worker.model.weights import Weights


def rotations(config: DecoderConfig, weights: Weights, positions: Int[Array, " T"]) -> Float[Array, "_ T 2 R2"] | None:
    """[1, T, 2, R/2], or [2, …] where the layers of a window have their own, the second; None without RoPE."""
    if config.position != "rope":
        return None
    return jnp.stack([_rotation(config, weights, positions, rope) for rope in config.ropes])


def _rotation(
    config: DecoderConfig, weights: Weights, positions: Int[Array, " T"], rope: Rope
) -> Float[Array, "T 2 R2"]:
    # By NumPy: a power is scalar code, and without a token loop around it it would be computed for every token.
    own = rope.base ** (-np.arange(0, config.n_turned, 2) / config.n_turned)
    frequencies = np.float32(own * (rope.scale + (1 - rope.scale) * _unscaled(config)))
    for name in config.rope_factors:
        frequencies = frequencies / weights.vectors[name][0]
    angles = positions[:, None] * frequencies
    return jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=1) * np.float32(rope.size)


def _unscaled(config: DecoderConfig) -> np.ndarray:
    """[R/2]: how much of each pair's frequency is not scaled, 0 to 1."""
    first, last = config.rope_ramp or (-1.0, 0.0)
    return 1 - np.clip((np.arange(config.n_turned // 2) - first) / max(0.001, last - first), 0, 1)
