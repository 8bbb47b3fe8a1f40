"""The decoder's forward pass, for every family and any number of positions.

`smjax.worker.kernels.shapes` says what the letters are.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from smjax.core.models.config import DecoderConfig
from smjax.worker.kernels import Cache, Kernel, Matrix, Norm
from smjax.worker.kernels.shapes import Array, Float, Int, Int32
from smjax.worker.model.weights import LayerStack, Vectors, Weights

State = tuple[jax.Array, Cache]


def forward(
    config: DecoderConfig, kernel: Kernel, weights: Weights, cache: Cache, ids: Int[Array, " T"], start: Int[Array, ""]
) -> tuple[Float[Array, "T D"], Cache]:
    """Hidden states of `ids` at positions from `start` on, and the cache with them."""
    positions = start + jnp.arange(len(ids))
    x = _rows(kernel, weights.embedding, ids)
    if weights.position is not None:
        x += _rows(kernel, weights.position, positions)
    rotation = _rotation(config, weights, positions)
    first = 0
    for stack in weights.stacks:
        step = _layer_step(config, kernel, stack, first, start, rotation)
        x, cache = lax.fori_loop(0, stack.n_layers, step, (x, cache))
        first += stack.n_layers
    return x, cache


def logits(config: DecoderConfig, kernel: Kernel, weights: Weights, hidden: Float[Array, "T D"]) -> Float[Array, "T V"]:
    """Scores of every id after each of `hidden`."""
    norm = _norm(config, weights.vectors, "output_norm")
    return kernel.product(_output(weights), jnp.int32(0), hidden, norm=norm)


def next_id(config: DecoderConfig, kernel: Kernel, weights: Weights, hidden: Float[Array, "1 D"]) -> Int32[Array, ""]:
    """The greedy choice after `hidden`."""
    return kernel.argmax(_output(weights), hidden, _norm(config, weights.vectors, "output_norm"))


def _layer_step(
    config: DecoderConfig, kernel: Kernel, stack: LayerStack, first: int, start: jax.Array, rotation: jax.Array | None
) -> Callable[[jax.Array, State], State]:
    """The body of the loop over a stack's layers; `first` is the number of its first layer."""
    matrices, vectors = stack.matrices, stack.vectors

    def step(i: jax.Array, state: State) -> State:
        x, cache = state
        qkv = kernel.product(matrices["qkv"], i, x, norm=_norm(config, vectors, "attn_norm"))
        attended, cache = kernel.attend(config, cache, first + i, qkv, start, rotation)
        x = kernel.product(matrices["attn_output"], i, attended, bias=vectors.get("attn_output.bias"), residual=x)
        inner = kernel.product(
            matrices["ffn_in"],
            i,
            x,
            norm=_norm(config, vectors, "ffn_norm"),
            bias=vectors.get("ffn_up.bias"),
            activation=config.activation,
        )
        return kernel.product(matrices["ffn_down"], i, inner, bias=vectors.get("ffn_down.bias"), residual=x), cache

    return step


def _norm(config: DecoderConfig, vectors: Vectors, name: str) -> Norm:
    return Norm(vectors[f"{name}.weight"], vectors.get(f"{name}.bias"), config.norm_eps)


def _rotation(config: DecoderConfig, weights: Weights, positions: Int[Array, " T"]) -> Float[Array, "T 2 _"] | None:
    """Cosines and sines, [T, 2, H/2], of RoPE at `positions`; None for learned positions."""
    if config.position == "learned":
        return None
    # By NumPy: a power is scalar code, and without a token loop around it it would be computed for every token.
    frequencies = np.float32(config.rope_base ** (-np.arange(0, config.head_dim, 2) / config.head_dim))
    factors = weights.vectors.get("rope_freqs.weight")
    angles = positions[:, None] * (frequencies if factors is None else frequencies / factors[0])
    return jnp.stack([jnp.cos(angles), jnp.sin(angles)], axis=1)


def _rows(kernel: Kernel, matrix: Matrix, ids: Int[Array, " T"]) -> Float[Array, "T D"]:
    (packed,) = matrix
    return kernel.rows(packed, ids)


def _output(weights: Weights) -> Matrix:
    return weights.embedding if weights.output is None else weights.output
