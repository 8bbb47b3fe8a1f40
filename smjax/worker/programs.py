"""The programs that are compiled: prefill of a prompt, decoding of some tokens, scores of a text.

Chunks of a prompt overlap rather than leave a remainder: a position computed twice writes the same twice, and every
chunk has one shape.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from smjax.core.architecture import DecoderConfig
from smjax.worker.kernels import Cache, Kernel
from smjax.worker.model.decoder import forward, logits, next_id
from smjax.worker.model.weights import Weights

CHUNK = 256
"""Most prompt positions that one prefill step computes: enough for GEMMs at full speed, little temporary memory."""


def prefill(
    config: DecoderConfig, kernel: Kernel, weights: Weights, cache: Cache, ids: jax.Array
) -> tuple[Cache, jax.Array, jax.Array]:
    """The cache with the prompt `ids`, int32[n_prompt]; int32[2]: first generated id and its position; hidden [D]."""
    chunk, n_chunks = chunks(len(ids))

    def step(i: jax.Array, state: tuple[Cache, jax.Array]) -> tuple[Cache, jax.Array]:
        start = jnp.minimum(i * chunk, len(ids) - chunk)
        part = lax.dynamic_slice_in_dim(ids, start, chunk)
        hidden, cache = forward(config, kernel, weights, state[0], part, start)
        return cache, hidden[-1]

    cache, hidden = lax.fori_loop(0, n_chunks, step, (cache, jnp.zeros(config.d_model, jnp.float32)))
    return cache, jnp.stack([next_id(config, kernel, weights, hidden[None]), jnp.int32(len(ids))]), hidden


def decode_one(
    config: DecoderConfig, kernel: Kernel, weights: Weights, cache: Cache, last: jax.Array
) -> tuple[Cache, jax.Array, jax.Array]:
    """The cache, the next of `last`, int32[2] (an id and its position), and the hidden state [D] that chose it."""
    hidden, cache = forward(config, kernel, weights, cache, last[:1], last[1])
    return cache, jnp.stack([next_id(config, kernel, weights, hidden), last[1] + 1]), hidden[0]


def decode_many(
    capacity: int,
    config: DecoderConfig,
    kernel: Kernel,
    weights: Weights,
    cache: Cache,
    last: jax.Array,
    n_ids: jax.Array,
) -> tuple[Cache, jax.Array, jax.Array, jax.Array]:
    """As `decode_one`, `n_ids` times; in second place int32[capacity], of which the first `n_ids` are the ids."""

    def step(
        i: jax.Array, state: tuple[Cache, jax.Array, jax.Array, jax.Array]
    ) -> tuple[Cache, jax.Array, jax.Array, jax.Array]:
        cache, last, hidden = decode_one(config, kernel, weights, state[0], state[2])
        return cache, state[1].at[i].set(last[0]), last, hidden

    start = (cache, jnp.zeros(capacity, jnp.int32), last, jnp.zeros(config.d_model, jnp.float32))
    return lax.fori_loop(0, n_ids, step, start)


def answer_scores(
    config: DecoderConfig, kernel: Kernel, weights: Weights, cache: Cache, ids: jax.Array
) -> tuple[Cache, jax.Array, jax.Array]:
    """The cache with `ids`, int32[T], minus log-likelihoods [T-1] of ids[1:] in nats, the last hidden state [D]."""
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
