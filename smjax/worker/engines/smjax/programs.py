"""The programs that are compiled: prefill of a prompt, decoding of some tokens, scores of a text.

Chunks of a prompt overlap rather than leave a remainder: a position computed twice writes the same twice, and every
chunk has one shape.
"""

from __future__ import annotations

from typing import SupportsIndex

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from smjax.core.models.config import DecoderConfig
from smjax.worker.kernels import Cache, Kernel
from smjax.worker.kernels.shapes import Array, Float, Int, Int32
from smjax.worker.model.decoder import forward, logits, next_id
from smjax.worker.model.weights import Weights

CHUNK = 256
"""Most prompt positions that one prefill step computes: enough for GEMMs at full speed, little temporary memory."""


def prefill(
    config: DecoderConfig, kernel: Kernel, weights: Weights, cache: Cache, ids: Int[Array, " n_prompt"]
) -> tuple[Cache, Int32[Array, " _"]]:
    """The cache with the prompt `ids` and the state after it."""
    chunk, n_chunks = chunks(len(ids))

    def step(i: jax.Array, state: tuple[Cache, jax.Array]) -> tuple[Cache, jax.Array]:
        start = jnp.minimum(i * chunk, len(ids) - chunk)
        part = lax.dynamic_slice_in_dim(ids, start, chunk)
        hidden, cache = forward(config, kernel, weights, state[0], part, start)
        return cache, hidden[-1]

    cache, hidden = lax.fori_loop(0, n_chunks, step, (cache, jnp.zeros(config.d_model, jnp.float32)))
    return cache, _state(config, kernel, weights, hidden, jnp.int32(len(ids)))


def decode_one(
    config: DecoderConfig,
    kernel: Kernel,
    weights: Weights,
    cache: Cache,
    state: Int32[Array, " _"],
    until: Int[Array, ""] | None = None,
) -> tuple[Cache, Int32[Array, " _"]]:
    """The cache and the state one token on; by those layers alone that come before `until`, where that is given."""
    hidden, cache = forward(config, kernel, weights, cache, state[:1], state[1], until)
    return cache, _state(config, kernel, weights, hidden[0], state[1] + 1)


def decode_many(
    capacity: int,
    config: DecoderConfig,
    kernel: Kernel,
    weights: Weights,
    cache: Cache,
    state: jax.Array,
    n_ids: jax.Array,
) -> tuple[Cache, jax.Array, jax.Array]:
    """The cache and the state `n_ids` tokens on, and int32[capacity], of which the first `n_ids` are the ids."""

    def step(i: jax.Array, so_far: tuple[Cache, jax.Array, jax.Array]) -> tuple[Cache, jax.Array, jax.Array]:
        cache, state = decode_one(config, kernel, weights, so_far[0], so_far[1])
        return cache, state, so_far[2].at[i].set(state[0])

    return lax.fori_loop(0, n_ids, step, (cache, state, jnp.zeros(capacity, jnp.int32)))


def initial_state(config: DecoderConfig, last_id: SupportsIndex, position: int) -> np.ndarray:
    """The state, int32[2 + D], after the id `last_id` at `position`: these two, and room for a hidden state.

    One array instead of three: what goes in and out of a program costs 1 µs an array in every dispatch.
    """
    return np.array([last_id, position] + [0] * config.d_model, np.int32)


def hidden_of(state: np.ndarray) -> np.ndarray:
    """f32[D]: the last hidden state, which chose the id of `state`."""
    return state[2:].view(np.float32)


def _state(
    config: DecoderConfig, kernel: Kernel, weights: Weights, hidden: Float[Array, " D"], position: Int[Array, ""]
) -> Int32[Array, " 2+D"]:
    chosen = next_id(config, kernel, weights, hidden[None])
    return jnp.concatenate([jnp.stack([chosen, position]), lax.bitcast_convert_type(hidden, jnp.int32)])


def answer_scores(
    config: DecoderConfig, kernel: Kernel, weights: Weights, cache: Cache, ids: Int[Array, " T"]
) -> tuple[Cache, Float[Array, " T-1"], Float[Array, " D"]]:
    """The cache with `ids`, minus log-likelihoods of ids[1:] in nats, the last hidden state."""
    chunk, n_chunks = chunks(len(ids))
    targets = jnp.roll(ids, -1)

    def step(i: jax.Array, state: tuple[Cache, jax.Array, jax.Array]) -> tuple[Cache, jax.Array, jax.Array]:
        start = jnp.minimum(i * chunk, len(ids) - chunk)
        part, target = (lax.dynamic_slice_in_dim(array, start, chunk) for array in (ids, targets))
        hidden, cache = forward(config, kernel, weights, state[0], part, start)
        scores = jax.nn.log_softmax(logits(config, kernel, weights, hidden))
        nll = -jnp.take_along_axis(scores, target[:, None], axis=1)[:, 0]
        return cache, lax.dynamic_update_slice_in_dim(state[1], nll, start, 0), hidden[-1]

    first = (cache, jnp.zeros(len(ids), jnp.float32), jnp.zeros(config.d_model, jnp.float32))
    cache, nll, hidden = lax.fori_loop(0, n_chunks, step, first)
    return cache, nll[:-1], hidden


def chunks(n_prompt: int) -> tuple[int, int]:
    """Size and number of the steps that cover a prompt with as few positions computed twice as can be."""
    n_chunks = -(-n_prompt // CHUNK)
    return -(-n_prompt // n_chunks), n_chunks
