"""Cosines and sines of RoPE at some positions, for the layers that see all and for those that do not.

References: Su et al. 2021 (RoFormer); `ggml_rope_ext` of llama.cpp (scaling, factors and the size of what is turned).
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from smjax.core.models.config import DecoderConfig
from smjax.worker.kernels.shapes import Array, Float, Int
from smjax.worker.model.weights import Weights


def rotations(config: DecoderConfig, weights: Weights, positions: Int[Array, " T"]) -> Float[Array, "_ T 2 R2"] | None:
    """[1, T, 2, R/2], or [2, …] where the layers of a window have their own, the second; None without RoPE."""
    if config.position != "rope":
        return None
    kinds = [(config.rope_base, config.rope_scale)]
    if config.local_layers:
        kinds.append(config.local_rope)
    return jnp.stack([_rotation(config, weights, positions, *kind) for kind in kinds])


def _rotation(
    config: DecoderConfig, weights: Weights, positions: Int[Array, " T"], base: float, scale: float
) -> Float[Array, "T 2 R2"]:
    # By NumPy: a power is scalar code, and without a token loop around it it would be computed for every token.
    frequencies = np.float32(scale * base ** (-np.arange(0, config.n_turned, 2) / config.n_turned))
    for name in config.rope_factors:
        frequencies = frequencies / weights.vectors[name][0]
    angles = positions[:, None] * frequencies
    return jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=1) * np.float32(config.rope_size)
