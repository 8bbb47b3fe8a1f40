"""The decoder's forward pass, for every family and any number of positions.

`smjax.worker.kernels.shapes` says what the letters are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from smjax.core.models.config import DecoderConfig, head_norms
from smjax.worker.kernels import Cache, Kernel, Matrix, Norm
from smjax.worker.kernels.shapes import Array, Float, Int, Int32
from smjax.worker.kernels.xla.elementwise import capped, normalise, pick, scaled
from smjax.worker.model.rope import rotations
from smjax.worker.model.weights import LayerStack, Vectors, Weights

State = tuple[jax.Array, Cache]
Attend = Callable[[Cache, jax.Array, jax.Array], tuple[jax.Array, Cache]]
"""Cache, number of the layer of all, queries with keys and values; attended values and the cache with them."""


def forward(
    config: DecoderConfig,
    kernel: Kernel,
    weights: Weights,
    cache: Cache,
    ids: Int[Array, " T"],
    start: Int[Array, ""],
    until: Int[Array, ""] | None = None,
) -> tuple[Float[Array, "T D"], Cache]:
    """Hidden states of `ids` at positions from `start` on, and the cache with them; see `through_layers`."""
    positions = start + jnp.arange(len(ids))
    x = scaled(_rows(kernel, weights.embedding, ids), config.embedding_scale)
    if weights.position is not None:
        x += _rows(kernel, weights.position, positions)
    return through_layers(config, kernel, weights, cache, x, start, until)


def through_layers(
    config: DecoderConfig,
    kernel: Kernel,
    weights: Weights,
    cache: Cache,
    x: Float[Array, "T D"],
    start: Int[Array, ""],
    until: Int[Array, ""] | None = None,
) -> tuple[Float[Array, "T D"], Cache]:
    """What all layers, or those before `until`, make of `x` at positions from `start` on, and the cache with them."""
    positions = start + jnp.arange(len(x))
    attend = _attention(config, kernel, weights, start, rotations(config, weights, positions))
    first = 0
    for stack in weights.stacks:
        step = _layer_step(config, kernel, stack, first, attend)
        n_layers = stack.n_layers if until is None else jnp.clip(until - first, 0, stack.n_layers)
        x, cache = lax.fori_loop(0, n_layers, step, (x, cache))
        first += stack.n_layers
    return x, cache


def logits(config: DecoderConfig, kernel: Kernel, weights: Weights, hidden: Float[Array, "T D"]) -> Float[Array, "T V"]:
    """Scores of every id after each of `hidden`."""
    norm = _norm(config, weights.vectors, "output_norm")
    scores = kernel.product(_output(weights), jnp.int32(0), hidden, norm=norm)
    return capped(scaled(scores, 1 / config.logit_divisor), config.logit_cap)


def next_id(config: DecoderConfig, kernel: Kernel, weights: Weights, hidden: Float[Array, "1 D"]) -> Int32[Array, ""]:
    """The greedy choice after `hidden`: dividing and capping scores leaves the best the best."""
    norm = _norm(config, weights.vectors, "output_norm")
    assert norm is not None, "every decoder has it"
    return kernel.argmax(_output(weights), hidden, norm)


def _attention(
    config: DecoderConfig, kernel: Kernel, weights: Weights, start: jax.Array, turns: jax.Array | None
) -> Attend:
    """Attention of any layer, with the rotation that is its own."""
    names = head_norms(config)
    norms = (weights.vectors[names[0]], weights.vectors[names[1]]) if names else None
    is_local = np.array(config.local_layers, np.int32)

    def attend(cache: Cache, layer: jax.Array, qkv: jax.Array) -> tuple[jax.Array, Cache]:
        turn = turns
        if turns is not None:
            turn = pick(turns, jnp.asarray(is_local)[layer]) if config.local_layers else turns[0]
        return kernel.attend(config, cache, layer, qkv, start, turn, norms)

    return attend


def _layer_step(
    config: DecoderConfig, kernel: Kernel, stack: LayerStack, first: int, attend: Attend
) -> Callable[[jax.Array, State], State]:
    """The body of the loop over a stack's layers; `first` is the number of its first layer."""
    vectors = stack.vectors

    def product(name: str, i: jax.Array, x: jax.Array, **others: Any) -> jax.Array:
        return kernel.product(stack.matrices[name], i, x, bias=vectors.get(f"{name}.bias"), **others)

    def add(name: str, i: jax.Array, inner: jax.Array, x: jax.Array, norm: Norm | None) -> jax.Array:
        if norm is None and config.residual_scale == 1:
            return product(name, i, inner, residual=x)
        added = product(name, i, inner)
        return x + scaled(added if norm is None else normalise(norm, i, added), config.residual_scale)

    def step(i: jax.Array, state: State) -> State:
        x, cache = state
        before, after = _norm(config, vectors, "attn_norm"), _norm(config, vectors, "post_attention_norm")
        attended, cache = attend(cache, first + i, product("qkv", i, x, norm=before))
        middle = add("attn_output", i, attended, x, after)
        taken = x if config.parallel else middle
        before = before if config.parallel else _norm(config, vectors, "ffn_norm")
        inner = product("ffn_in", i, taken, norm=before, activation=config.activation)
        return add("ffn_down", i, inner, middle, _norm(config, vectors, "post_ffw_norm")), cache

    return step


def _norm(config: DecoderConfig, vectors: Vectors, name: str) -> Norm | None:
    """None where the layers do not have it."""
    weight = vectors.get(f"{name}.weight")
    return None if weight is None else Norm(weight, vectors.get(f"{name}.bias"), config.norm_eps)


def _rows(kernel: Kernel, matrix: Matrix, ids: Int[Array, " T"]) -> Float[Array, "T D"]:
    (packed,) = matrix
    return kernel.rows(packed, ids)


def _output(weights: Weights) -> Matrix:
    return weights.embedding if weights.output is None else weights.output
