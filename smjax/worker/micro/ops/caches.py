"""KV caches that are filled, for ops that go on from there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from smjax.core.models.config import DecoderConfig
from smjax.worker.kernels import Cache, Kernel
from smjax.worker.kernels.xla.cache import Cache as XlaCache

DTYPES = {"f16": "float16", "bf16": "bfloat16", "f32": "float32"}
"""Of a cache's elements, by what they are called in a shape."""


@dataclass(frozen=True)
class Slots:
    """Keys and values f32[slots, K, H], each as a cache stores it."""

    keys: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def drawn(cls, n_slots: int, config: DecoderConfig, dtype: str, random: np.random.Generator) -> Slots:
        """Normal numbers, rounded to the cache's."""
        size = (2, n_slots, config.n_kv_heads, config.head_dim)
        return cls(*random.standard_normal(size, dtype=np.float32).astype(jnp.dtype(dtype)).astype(np.float32))


def filled_cache(kernel: Kernel, config: DecoderConfig, slots: Slots, n_slots: int, dtype: str) -> Cache:
    """A kernel's cache of one layer with room for `n_slots`, of which the first ones are `slots`.

    Attention writes them where nothing else does, for queries that see no slot but their own. That of the `xla` kernel
    would take a second to compile.
    """
    one = replace(config, n_layers=1, n_heads=config.n_kv_heads, windows=(1,), head_norm="none")
    cache = kernel.empty_cache(one, n_slots, dtype)
    if not len(slots):
        return cache
    if isinstance(cache, XlaCache):
        written: Cache = jax.jit(XlaCache.write)(cache, jnp.int32(0), jnp.int32(0), slots.keys, slots.values)
        return written
    rows = np.concatenate([np.zeros_like(slots.keys), slots.keys, slots.values], axis=1).reshape(len(slots), -1)
    write = jax.jit(partial(kernel.attend, one), donate_argnums=0)
    _, cache = write(cache, jnp.int32(0), rows, jnp.int32(0), None, None)
    return cache


def slots_bytes(config: DecoderConfig, n_slots: int, dtype: str) -> int:
    """Bytes of the keys and values of so many slots of one layer."""
    return replace(config, n_layers=1, windows=None).kv_bytes(n_slots, jnp.dtype(dtype).itemsize)
