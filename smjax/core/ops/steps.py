"""Steps of a decoder beside its products and its attention, and one of its layers whole."""

from __future__ import annotations

import math
from collections.abc import Iterable

from smjax.core.gguf.encodings import ENCODINGS
from smjax.core.models.config import DecoderConfig, layer_shapes
from smjax.core.models.presets import PRESETS
from smjax.core.ops.attention import queries_fit
from smjax.core.ops.of_presets import PROMPT, depths, of_presets
from smjax.core.ops.products import blocks_fit
from smjax.core.ops.spec import NUMBER_BYTES, WEIGHT_BYTES, OpSpec, Shape

_ENCODED = {encoding.name.lower(): encoding for encoding in sorted(ENCODINGS.values(), key=lambda e: e.name != "Q4_0")}
"""Q4_0 first, as what is not said is the presets' encoding."""


def _widths(norm: str) -> tuple[str, ...]:
    """Of the presets that have the norm."""
    return of_presets(lambda config: [f"{t}x{config.d_model}" for t in (1, PROMPT)] if config.norm == norm else [])


RMS_NORM, LAYER_NORM = (
    OpSpec(
        name=f"{norm}_norm",
        meaning=f"{title} of t rows of d elements; the native kernel has those before a product within the product",
        sizes=("t", "d"),
        shapes=_widths(norm),
        needed_bytes=lambda shape: 2 * NUMBER_BYTES * shape.elements,
        kernels=("xla",),
    )
    for norm, title in (("rms", "RMSNorm"), ("layer", "LayerNorm"))
)


def _turned_heads(config: DecoderConfig) -> Iterable[str]:
    heads = f"{config.n_heads + config.n_kv_heads}x{config.head_dim}"
    return [f"{config.rope_pairs}:{t}x{heads}" for t in (1, PROMPT)] if config.position == "rope" else []


ROPE = OpSpec(
    name="rope",
    meaning=(
        "n heads of h elements of t positions turned by angles whose cosines and sines are given, adjacent elements "
        "together or those of both halves; the native kernel does that within its attention alone"
    ),
    sizes=("t", "n", "h"),
    shapes=of_presets(_turned_heads),
    needed_bytes=lambda shape: 3 * NUMBER_BYTES * shape.elements,
    kinds=("adjacent", "halves"),
    kernels=("xla",),
    why_not=lambda shape: _even(shape.sizes[-1]),
)
ROPE_ANGLES = OpSpec(
    name="rope_angles",
    meaning="cosines and sines for heads of h elements at t positions: once a step, by XLA whatever the kernel is",
    sizes=("t", "h"),
    shapes=of_presets(lambda config: [f"1x{config.head_dim}"] if config.position == "rope" else []),
    needed_bytes=lambda shape: 2 * NUMBER_BYTES * shape.elements,
    why_not=lambda shape: _even(shape.sizes[-1]),
)


def _even(h: int) -> str | None:
    return f"expected h to be even, as two elements are turned together, found {h}" if h % 2 else None


def _vocabulary(config: DecoderConfig) -> str:
    return f"{config.n_vocab}x{config.d_model}"


def _whole_blocks(shape: Shape) -> str | None:
    return blocks_fit(_ENCODED[shape.kind], shape.sizes[-1], "d")


EMBEDDING = OpSpec(
    name="embedding",
    meaning="t rows of an encoded matrix [v, d], looked up and unpacked",
    sizes=("t", "v", "d"),
    shapes=of_presets(lambda config: [f"q4_0:{t}x{_vocabulary(config)}" for t in (1, PROMPT)]),
    needed_bytes=lambda shape: (
        WEIGHT_BYTES * math.prod(shape.sizes[1:]) + NUMBER_BYTES * shape.sizes[0] * shape.sizes[2]
    ),
    kinds=tuple(_ENCODED),
    why_not=_whole_blocks,
)
SAMPLE = OpSpec(
    name="sample",
    meaning="the greedy choice of an id: a norm, an encoded output matrix [v, d], the first of the best outputs",
    sizes=("v", "d"),
    shapes=of_presets(lambda config: [f"q4_0:{_vocabulary(config)}"]),
    needed_bytes=lambda shape: WEIGHT_BYTES * shape.elements,
    kinds=tuple(_ENCODED),
    why_not=_whole_blocks,
)
ARGMAX = OpSpec(
    name="argmax",
    meaning="the first of the best of v scores that are there; the native kernel compares them as it computes them",
    sizes=("v",),
    shapes=of_presets(lambda config: [str(config.n_vocab)]),
    needed_bytes=lambda shape: NUMBER_BYTES * shape.elements,
    kernels=("xla",),
)


def _layer_bytes(shape: Shape) -> float:
    """Of a preset; how large a file's layer is, its worker sees."""
    config = PRESETS.get(shape.kind)
    if config is None:
        return 0
    t, s = shape.sizes
    weights = sum(math.prod(size) for size in layer_shapes(config).values())
    slots, rows = 2 * s * config.n_kv_heads * config.head_dim, t * (4 * config.d_model + 3 * config.d_ff + 2 * s)
    return WEIGHT_BYTES * weights + NUMBER_BYTES * (slots + rows)


LAYER = OpSpec(
    name="layer",
    meaning=(
        "the first layer of a preset or a GGUF file, whole, for t positions at the end of s slots of an f16 cache; "
        "with the angles of RoPE, which a decoder computes once for all layers"
    ),
    sizes=("t", "s"),
    shapes=tuple(
        f"{name}:{sizes}"
        for name, config in PRESETS.items()
        for sizes in (*(f"1x{slots}" for slots in depths(config)), f"{PROMPT}x{PROMPT}")
    ),
    needed_bytes=_layer_bytes,
    kinds=tuple(PRESETS),
    is_any_kind=True,
    why_not=queries_fit,
)
