"""Attention over a KV cache, and what it consists of: a softmax, and writing keys and values."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from smjax.core.models.config import DecoderConfig
from smjax.core.models.families import decoder
from smjax.core.ops import Shape
from smjax.worker.kernels.xla.attention import softmax as unnormalised_softmax
from smjax.worker.kernels.xla.cache import Cache
from smjax.worker.micro import reference
from smjax.worker.micro.ops.caches import DTYPES, Slots, filled_cache, slots_bytes
from smjax.worker.micro.ops.libraries import library_peak
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.work import Work


def attention(shape: Shape, setup: MicroSetup) -> Work:
    """Of T queries at the end of S slots: scores and weighted values, 2 * H each for every slot that a query sees."""
    t, s, n, k, h = shape.sizes
    config, dtype, random = _config(s, n, k, h), DTYPES[shape.kind], setup.random()
    before, new = (Slots.drawn(slots, config, dtype, random) for slots in (s - t, t))
    q = random.standard_normal((t, n, h), dtype="float32")
    qkv = np.concatenate([q, new.keys, new.values], axis=1).reshape(t, -1)
    attend = partial(setup.kernel.attend, config, rotation=None, norms=None)

    def run(cache: Any, qkv: jax.Array, start: jax.Array) -> tuple[Any, jax.Array]:
        attended, cache = attend(cache, jnp.int32(0), qkv, start)
        return cache, attended

    keys, values = np.concatenate([before.keys, new.keys]), np.concatenate([before.values, new.values])
    return Work(
        run,
        inputs=(filled_cache(setup.kernel, config, before, s, dtype), qkv, np.int32(s - t)),
        bytes=slots_bytes(config, s, dtype) + 4 * (qkv.size + q.size),
        flops=attention_flops(config, t, s, window=s),
        reference=lambda *_: reference.attended(q * config.query_scale, keys, values),
        in_place=1,
        peak="fma" if setup.kernel.name == "native" else library_peak("f32", setup),
    )


def attention_flops(config: DecoderConfig, n_queries: int, n_slots: int, window: int) -> int:
    """Of scores and weighted values, of as many slots as each query sees: exponentials are not counted."""
    seen = np.minimum(np.arange(n_slots - n_queries, n_slots) + 1, window)
    return 4 * config.n_heads * config.head_dim * int(seen.sum())


def kv_append(shape: Shape, setup: MicroSetup) -> Work:
    """Of T positions at the end of S slots, as the `xla` kernel's cache has them: read as f32, written as it stores."""
    t, s, k, h = shape.sizes
    config, dtype, random = _config(s, k, k, h), DTYPES[shape.kind], setup.random()
    before, new = (Slots.drawn(slots, config, dtype, random) for slots in (s - t, t))
    cache = filled_cache(setup.kernel, config, before, s, dtype)

    def run(cache: Cache, keys: jax.Array, values: jax.Array, start: jax.Array) -> Cache:
        return cache.write(jnp.int32(0), start, keys, values)

    def expected(cache: Cache, *_: Any) -> list[np.ndarray]:
        keys, values = np.array(cache.keys), np.array(cache.values)
        k, v = (part.astype(jnp.dtype(dtype)).view(keys.dtype) for part in (new.keys, new.values))
        keys[0, :, :, s - t : s], values[0, s - t : s] = k.transpose(1, 2, 0), v
        return [keys, values]

    return Work(
        run,
        inputs=(cache, new.keys, new.values, np.int32(s - t)),
        bytes=slots_bytes(config, t, dtype) + new.keys.nbytes + new.values.nbytes,
        flops=0,
        reference=expected,
        tolerance=0.0,
        in_place=1,
    )


def softmax(shape: Shape, setup: MicroSetup) -> Work:
    """Of the rows of [R, S]: the largest, a difference, an exponential, a sum and a quotient for each element."""
    scores = setup.random().standard_normal(shape.sizes, dtype="float32")

    def run(scores: jax.Array) -> jax.Array:
        weights, total = unnormalised_softmax(scores)
        return weights / total

    return Work(
        run,
        inputs=(scores,),
        bytes=4 * 2 * scores.size,
        flops=5 * scores.size,
        reference=lambda scores: reference.softmax(np.asarray(scores, np.float64)),
        peak="fma",
    )


def _config(s: int, n: int, k: int, h: int) -> DecoderConfig:
    return decoder("llama", 1, n * h, n, k, h, n * h, 1, s, norm_eps=1e-5, tied=True)
