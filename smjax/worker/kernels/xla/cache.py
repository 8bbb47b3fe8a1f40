"""The KV cache: keys with slots contiguous, values with the elements of a slot's heads contiguous.

Each is the layout in which its product runs along the vector lanes (scores are vectors of slots, outputs vectors of H)
and in which decode reads long rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from smjax.core.models.config import DecoderConfig
from smjax.worker.kernels.shapes import Array, Float, Int

SLOT_MULTIPLE = 64
"""Slots are allocated in this many, so that steps over them need no remainder."""


@partial(jax.tree_util.register_dataclass, data_fields=["keys", "values"], meta_fields=[])
@dataclass(frozen=True)
class Cache:
    """keys [L, K, H, S] and values [L, S, K, H]; bfloat16 as its bits, uint16.

    As numbers XLA would convert the whole cache to float32 in every layer, as it computes in no bfloat16 on CPUs.
    """

    keys: Any
    values: Any

    def write(
        self,
        layer: Int[Array, ""],
        start: Int[Array, ""],
        keys: Float[Array, "T K H"],
        values: Float[Array, "T K H"],
    ) -> Cache:
        """With `keys` and `values` of the positions from `start` on."""
        k, v = _stored(jnp.transpose(keys, (1, 2, 0))[None], self.keys), _stored(values[None], self.values)
        return Cache(
            lax.dynamic_update_slice(self.keys, k, (layer, 0, 0, start)),
            lax.dynamic_update_slice(self.values, v, (layer, start, 0, 0)),
        )


def _stored(x: jax.Array, array: jax.Array) -> jax.Array:
    if array.dtype != jnp.uint16:
        return x.astype(array.dtype)
    return lax.bitcast_convert_type(x.astype(jnp.bfloat16), jnp.uint16)


def as_float32(stored: jax.Array) -> jax.Array:
    """Stored numbers of a cache or a matrix; uint16 are the bits of bfloat16."""
    if stored.dtype != jnp.uint16:
        return stored.astype(jnp.float32)
    return lax.bitcast_convert_type(stored.astype(jnp.uint32) << 16, jnp.float32)


def cache_slots(ctx: int) -> int:
    """Slots that are allocated for `ctx` tokens."""
    return -(-ctx // SLOT_MULTIPLE) * SLOT_MULTIPLE


def empty_cache(config: DecoderConfig, ctx: int, dtype: str) -> Cache:
    """Zeros: slots that were never written are multiplied by a probability of zero, and must be finite."""
    stored = "uint16" if dtype == "bfloat16" else dtype
    layers, slots, heads, size = config.n_layers, cache_slots(ctx), config.n_kv_heads, config.head_dim
    return Cache(jnp.zeros((layers, heads, size, slots), stored), jnp.zeros((layers, slots, heads, size), stored))
