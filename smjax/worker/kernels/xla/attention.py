"""Grouped-query attention over the cache, for one position (decode) and for many (prefill)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from smjax.worker.kernels.shapes import Array, Float, Int
from smjax.worker.kernels.xla.cache import Cache, as_float32
from smjax.worker.kernels.xla.elementwise import capped

MASKED = -1e30
QUERIES = 128
"""Positions that prefill attends from at once, at most."""
SLOTS = 128
"""Slots that one step of prefill attends to, at most."""
SCORED = 1024
"""Slots that decode computes the scores of at once, at most: with fewer, steps cost more than what is left out."""
ROWS = 8
"""Rows of keys that one loop step of decode adds up in registers (16: 10 % slower)."""
STREAMS = 16
"""Places of the values that decode reads at once, as one is not enough for memory's speed (4,000 slots of 12 heads of
64: 1.5 times as fast)."""


def attend_one(
    cache: Cache,
    layer: Int[Array, ""],
    q: Float[Array, "K G H"],
    position: Int[Array, ""],
    window: Int[Array, ""],
    cap: float = 0.0,
) -> Float[Array, "K G H"]:
    """For one query `q`, already scaled, that sees `window` positions up to its own; scores are capped unless 0.

    Written as loops over rows of the cache: XLA's einsum copies the layer's cache first (measured: 118 µs against 59
    for 12 heads of 64 and 384 slots).
    """
    first = jnp.maximum(position - window + 1, 0)
    scores = capped(_scores(cache.keys, layer, q, first, position), cap)
    visible = _visible(jnp.arange(scores.shape[-1]), position, window)
    weights, total = softmax(jnp.where(visible, scores, MASKED))
    return _weighted(cache.values, layer, weights, first, position) / total


def _scores(
    keys: Array, layer: Int[Array, ""], q: Float[Array, "K G H"], first: Int[Array, ""], last: Int[Array, ""]
) -> Float[Array, "K G S"]:
    """Scores, of which the slots from `first` to `last` are computed."""
    n_kv, groups, head = q.shape
    slots = keys.shape[-1]
    size, rows = min(slots, SCORED), next(rows for rows in (ROWS, 4, 2) if head % rows == 0)

    def add_scores(i: jax.Array, scores: jax.Array, start: jax.Array) -> jax.Array:
        for h in range(rows):
            row = lax.dynamic_slice(keys, (layer, 0, i * rows + h, start), (1, n_kv, 1, size))
            scores += _column(q, i * rows + h) * as_float32(row).reshape(n_kv, 1, size)
        return scores

    def score(i: jax.Array, scores: jax.Array) -> jax.Array:
        start = jnp.minimum(i * size, slots - size)  # the last overlap the ones before
        zeros = jnp.zeros((n_kv, groups, size), jnp.float32)
        part = lax.fori_loop(0, head // rows, lambda i, part: add_scores(i, part, start), zeros)
        return lax.dynamic_update_slice(scores, part, (0, 0, start))

    scores = jnp.zeros((n_kv, groups, slots), jnp.float32)
    if size == slots:
        return score(jnp.int32(0), scores)
    return lax.fori_loop(first // size, last // size + 1, score, scores)


def _weighted(
    values: Array, layer: Int[Array, ""], weights: Float[Array, "K G S"], first: Int[Array, ""], last: Int[Array, ""]
) -> Float[Array, "K G H"]:
    """The sum of the slots from `first` to `last`, each times its weight."""
    n_kv, groups, _ = weights.shape
    head = values.shape[-1]
    start = first // STREAMS * STREAMS  # what is read in whole steps then ends within the cache
    steps = (last - start) // STREAMS + 1

    def add_slots(i: jax.Array, out: jax.Array) -> jax.Array:
        # Else XLA computes all distances before the loop, and hands half of these operations to its pool (products.py).
        near, apart = lax.optimization_barrier((start + i, steps))
        for stream in range(STREAMS):
            slot = near + stream * apart
            row = lax.dynamic_slice(values, (layer, slot, 0, 0), (1, 1, n_kv, head))
            out += _column(weights, slot) * as_float32(row).reshape(n_kv, 1, head)
        return out

    return lax.fori_loop(0, steps, add_slots, jnp.zeros((n_kv, groups, head), jnp.float32))


def attend_many(
    cache: Cache,
    layer: Int[Array, ""],
    q: Float[Array, "T K G H"],
    start: Int[Array, ""],
    window: Int[Array, ""],
    cap: float = 0.0,
) -> Float[Array, "T K G H"]:
    """For queries `q`, already scaled, at the positions from `start` on; scores are capped unless 0.

    Some of the queries after the other: what lies ahead of them all, or left the window, is not computed.
    """
    rows = jnp.einsum("tkgh->kgth", q)
    n_kv, groups, n_queries, head = rows.shape
    size = min(n_queries, QUERIES)

    def attend_some(i: jax.Array, out: jax.Array) -> jax.Array:
        first = jnp.minimum(i * size, n_queries - size)  # the last ones overlap those before
        part = lax.dynamic_slice(rows, (0, 0, first, 0), (n_kv, groups, size, head))
        attended = _attend_some(cache, layer, part, start + first, window, cap)
        return lax.dynamic_update_slice(out, attended, (0, 0, first, 0))

    out = lax.fori_loop(0, -(-n_queries // size), attend_some, jnp.zeros(rows.shape, jnp.float32))
    return jnp.einsum("kgth->tkgh", out)


def _attend_some(
    cache: Cache,
    layer: Int[Array, ""],
    q: Float[Array, "K G T H"],
    start: Int[Array, ""],
    window: Int[Array, ""],
    cap: float,
) -> Float[Array, "K G T H"]:
    """Some of the slots after the other, with a running softmax, so that temporary memory stays small.

    References: Milakov and Gimelshein 2018 (online softmax).
    """
    n_kv, groups, n_queries, head = q.shape
    n_slots = cache.keys.shape[-1]
    size = min(SLOTS, n_slots)
    positions = start + jnp.arange(n_queries)
    rows = q.reshape(n_kv, groups * n_queries, head)

    def add_slots(
        i: jax.Array, running: tuple[jax.Array, jax.Array, jax.Array]
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        peak, total, out = running
        begin = jnp.minimum(i * size, n_slots - size)  # the last ones overlap those before
        keys = as_float32(lax.dynamic_slice(cache.keys, (layer, 0, 0, begin), (1, n_kv, head, size))[0])
        values = as_float32(lax.dynamic_slice(cache.values, (layer, begin, 0, 0), (1, size, n_kv, head))[0])
        slots = begin + jnp.arange(size)
        visible = _visible(slots, positions[:, None], window) & (slots >= i * size)
        scores = jnp.einsum("kmh,khs->kms", rows, keys).reshape(n_kv, groups, n_queries, size)
        scores = jnp.where(visible, capped(scores, cap), MASKED)
        new_peak = jnp.maximum(peak, jnp.max(scores, axis=-1))
        weights, faded = jnp.exp(scores - new_peak[..., None]), jnp.exp(peak - new_peak)
        added = jnp.einsum("kms,skh->kmh", weights.reshape(n_kv, -1, size), values).reshape(q.shape)
        return new_peak, total * faded + jnp.sum(weights, axis=-1), out * faded[..., None] + added

    first = jnp.maximum(start - window + 1, 0) // size
    empty = (jnp.full(q.shape[:3], MASKED), jnp.zeros(q.shape[:3]), jnp.zeros(q.shape))
    _, total, out = lax.fori_loop(first, positions[-1] // size + 1, add_slots, empty)
    return out / total[..., None]


def _visible(slots: jax.Array, position: jax.Array, window: jax.Array) -> jax.Array:
    return (slots <= position) & (slots > position - window)


def softmax(scores: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Unnormalised weights along the last axis, and their sum."""
    weights = jnp.exp(scores - jnp.max(scores, axis=-1, keepdims=True))
    return weights, jnp.sum(weights, axis=-1, keepdims=True)


def _column(array: jax.Array, i: jax.Array) -> jax.Array:
    """[…, 1]: element `i` of the last axis."""
    return lax.dynamic_slice_in_dim(array, i, 1, axis=array.ndim - 1)
