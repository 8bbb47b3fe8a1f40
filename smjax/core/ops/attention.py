"""Attention and what it consists of; T queries are the newest of S slots, and each sees those up to its own."""

from __future__ import annotations

import math
from collections.abc import Iterable

from smjax.core.models.config import DecoderConfig
from smjax.core.ops.of_presets import PROMPT, depths, of_presets
from smjax.core.ops.spec import NUMBER_BYTES, OpSpec, Shape

_CACHES = ("f16", "bf16", "f32")


def queries_fit(shape: Shape) -> str | None:
    """What is wrong with T queries and S slots."""
    t, s = shape.sizes[:2]
    return f"expected as many slots as queries or more, found {s} slots and {t} queries" if t > s else None


def _heads_fit(shape: Shape) -> str | None:
    n, k = shape.sizes[2:4]
    return queries_fit(shape) or (f"expected n to be a multiple of k, found {n} and {k}" if n % k else None)


def _attention_bytes(shape: Shape) -> float:
    t, s, n, k, h = shape.sizes
    return NUMBER_BYTES * (2 * s * k * h + 2 * t * n * h + 2 * t * s)


def _attention_shapes(config: DecoderConfig) -> Iterable[str]:
    heads = f"{config.n_heads}x{config.n_kv_heads}x{config.head_dim}"
    return [*(f"f16:1x{slots}x{heads}" for slots in (*depths(config), 1)), f"f16:{PROMPT}x{PROMPT}x{heads}"]


ATTENTION = OpSpec(
    name="attention",
    meaning=(
        "t queries of n heads of h elements over a cache of k KV heads, of which the call writes their own t slots and "
        "then reads all s: with 1 slot, what a call costs by itself. The cache has no more room than that; without RoPE"
    ),
    sizes=("t", "s", "n", "k", "h"),
    shapes=of_presets(_attention_shapes),
    needed_bytes=_attention_bytes,
    kinds=_CACHES,
    why_not=_heads_fit,
)


def _append_shapes(config: DecoderConfig) -> Iterable[str]:
    heads = f"{config.n_kv_heads}x{config.head_dim}"
    return [f"f16:1x{depths(config)[0]}x{heads}", f"f16:{PROMPT}x{depths(config)[0]}x{heads}"]


KV_APPEND = OpSpec(
    name="kv_append",
    meaning=(
        "keys and values of t positions written to the end of a cache of s slots of k heads of h elements; the native "
        "kernel does that within its attention alone"
    ),
    sizes=("t", "s", "k", "h"),
    shapes=of_presets(_append_shapes),
    needed_bytes=lambda shape: 4 * NUMBER_BYTES * math.prod(shape.sizes[1:]),
    kinds=_CACHES,
    kernels=("xla",),
    why_not=queries_fit,
)
SOFTMAX = OpSpec(
    name="softmax",
    meaning="exponentials of r rows of s scores over the sum of their row; native within attention alone",
    sizes=("r", "s"),
    shapes=of_presets(lambda config: [f"{config.n_heads}x{slots}" for slots in depths(config)]),
    needed_bytes=lambda shape: 2 * NUMBER_BYTES * shape.elements,
    kernels=("xla",),
)
