"""The KV cache: keys with slots contiguous, values with the head's elements contiguous.

Each is the layout in which its product runs along the vector lanes: scores are vectors of slots, outputs vectors of H.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from smjax.core.architecture import DecoderConfig

SLOT_MULTIPLE = 64
"""Slots are allocated in this many, so that steps over them need no remainder."""


@partial(jax.tree_util.register_dataclass, data_fields=["keys", "values"], meta_fields=[])
@dataclass(frozen=True)
class Cache:
    """keys [L, K, H, S] and values [L, K, S, H]."""

    keys: Any
    values: Any

    def write(self, layer: jax.Array, start: jax.Array, keys: jax.Array, values: jax.Array) -> Cache:
        """With `keys` and `values`, [T, K, H], of the positions from `start` on."""
        k = jnp.transpose(keys, (1, 2, 0))[None].astype(self.keys.dtype)
        v = jnp.transpose(values, (1, 0, 2))[None].astype(self.values.dtype)
        return Cache(
            lax.dynamic_update_slice(self.keys, k, (layer, 0, 0, start)),
            lax.dynamic_update_slice(self.values, v, (layer, 0, start, 0)),
        )


def cache_slots(ctx: int) -> int:
    """Slots that are allocated for `ctx` tokens."""
    return -(-ctx // SLOT_MULTIPLE) * SLOT_MULTIPLE


def empty_cache(config: DecoderConfig, ctx: int, dtype: str) -> Cache:
    """Zeros: slots that were never written are multiplied by a probability of zero, and must be finite."""
    slots, heads = cache_slots(ctx), (config.n_layers, config.n_kv_heads)
    return Cache(jnp.zeros((*heads, config.head_dim, slots), dtype), jnp.zeros((*heads, slots, config.head_dim), dtype))
