"""Grouped-query attention over the cache, for one position (decode) and for many (prefill)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from smjax.worker.model.cache import Cache

MASKED = -1e30
STEP = 16
"""Rows of the cache that one loop step of decode adds up in registers."""


def attend_one(cache: Cache, layer: jax.Array, q: jax.Array, position: jax.Array, window: jax.Array) -> jax.Array:
    """[K, G, H] for one query `q`, [K, G, H], already scaled, that sees `window` positions up to its own.

    Written as loops over rows of the cache: XLA's einsum copies the layer's cache first (measured: 118 µs against 59
    for 12 heads of 64 and 384 slots).
    """
    n_kv, groups, head = q.shape
    slots = cache.keys.shape[-1]
    step = next(size for size in (STEP, 8, 4, 2) if head % size == 0)

    def add_scores(i: jax.Array, scores: jax.Array) -> jax.Array:
        for h in range(step):
            keys = lax.dynamic_slice(cache.keys, (layer, 0, i * step + h, 0), (1, n_kv, 1, slots))
            scores += _column(q, i * step + h) * keys.reshape(n_kv, 1, slots).astype(jnp.float32)
        return scores

    scores = lax.fori_loop(0, head // step, add_scores, jnp.zeros((n_kv, groups, slots), jnp.float32))
    visible = _visible(jnp.arange(slots), position, window)
    weights, total = _softmax(jnp.where(visible, scores, MASKED))

    def add_values(i: jax.Array, out: jax.Array) -> jax.Array:
        for s in range(STEP):
            values = lax.dynamic_slice(cache.values, (layer, 0, i * STEP + s, 0), (1, n_kv, 1, head))
            out += _column(weights, i * STEP + s) * values.reshape(n_kv, 1, head).astype(jnp.float32)
        return out

    out = lax.fori_loop(0, position // STEP + 1, add_values, jnp.zeros(q.shape, jnp.float32))
    return out / total


def attend_many(
    cache: Cache, layer: jax.Array, q: jax.Array, positions: jax.Array, window: jax.Array, slots: int
) -> jax.Array:
    """[T, K, G, H] for queries `q` of the same shape at `positions`, int32[T], over the first `slots` slots."""
    keys = lax.dynamic_index_in_dim(cache.keys, layer, 0, keepdims=False)[:, :, :slots]
    values = lax.dynamic_index_in_dim(cache.values, layer, 0, keepdims=False)[:, :slots]
    scores = jnp.einsum("tkgh,khs->kgts", q, keys.astype(q.dtype))
    visible = _visible(jnp.arange(slots), positions[:, None], window)
    weights, total = _softmax(jnp.where(visible, scores, MASKED))
    return jnp.einsum("kgts,ksh->tkgh", weights, values.astype(q.dtype)) / jnp.moveaxis(total, 2, 0)


def _visible(slots: jax.Array, position: jax.Array, window: jax.Array) -> jax.Array:
    return (slots <= position) & (slots > position - window)


def _softmax(scores: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Unnormalised weights along the last axis, and their sum."""
    weights = jnp.exp(scores - jnp.max(scores, axis=-1, keepdims=True))
    return weights, jnp.sum(weights, axis=-1, keepdims=True)


def _column(array: jax.Array, i: jax.Array) -> jax.Array:
    """[…, 1]: element `i` of the last axis."""
    return lax.dynamic_slice_in_dim(array, i, 1, axis=array.ndim - 1)
