"""The first layer of a model, whole: norms, products, RoPE and attention, as the decoder has them."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from smjax.core.models.config import DecoderConfig, layer_shapes
from smjax.core.models.presets import PRESETS
from smjax.core.models.source import Model, open_model
from smjax.core.ops import Shape
from smjax.worker.micro import reference
from smjax.worker.micro.ops.attention import attention_flops
from smjax.worker.micro.ops.caches import Slots, filled_cache, slots_bytes
from smjax.worker.micro.ops.products import peak_of
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.work import Work
from smjax.worker.model.decoder import through_layers
from smjax.worker.model.weights import Weights, load_layers, packed_bytes

_KV_DTYPE = "float16"
_SMALL = 0.1
"""Size of the inputs: what a layer adds is then most of what is compared."""
_NMSE_MAX = 1e-3
"""Four products with activations of 8 bits, some after the other: 1e-4 to 3e-4 on the presets."""

_LARGE = "blk.0.ffn_down.weight"
"""One of the matrices that most of a layer's arithmetic is done with."""


def make(shape: Shape, setup: MicroSetup) -> Work:
    """T positions at the end of S slots."""
    t, s = shape.sizes
    model = first_layer_of(open_model(shape.kind, None if shape.kind in PRESETS else shape.kind, setup.seed), s)
    config, random, kernel = model.config, setup.random(), setup.kernel
    before = Slots.drawn(s - t, config, _KV_DTYPE, random)
    weights = _read_by_layers(load_layers(model, kernel))
    x = _SMALL * random.standard_normal((t, config.d_model), dtype="float32")

    def run(cache: Any, weights: Weights, x: jax.Array, start: jax.Array) -> tuple[Any, jax.Array]:
        y, cache = through_layers(config, kernel, weights, cache, x, start)
        return cache, y

    window = config.windows[0] if config.windows else s
    return Work(
        run,
        inputs=(filled_cache(kernel, config, before, s, _KV_DTYPE), weights, x, np.int32(s - t)),
        bytes=packed_bytes(weights) + slots_bytes(config, min(s, window + t - 1), _KV_DTYPE) + 2 * x.nbytes,
        flops=2 * t * _n_weights(config) + attention_flops(config, t, s, window),
        reference=lambda *_: reference.first_layer(config, FirstLayer(model), x, before.keys, before.values),
        tolerance=_NMSE_MAX,
        in_place=1,
        peak=peak_of(setup, model.tensors[_LARGE].encoding, t),
    )


def first_layer_of(model: Model, ctx: int) -> Model:
    """The model as it is with one layer and room for `ctx` tokens."""
    config = model.config.for_context(ctx)
    windows = config.windows and config.windows[:1]
    one = copy.copy(model)
    one.config = replace(config, n_layers=1, windows=windows, local_layers=config.local_layers[:1])
    return one


def _read_by_layers(weights: Weights) -> Weights:
    """Without what is read after the last layer."""
    vectors = {name: vector for name, vector in weights.vectors.items() if not name.startswith("output_norm")}
    return replace(weights, vectors=vectors)


def _n_weights(config: DecoderConfig) -> int:
    """Of a layer's matrices."""
    return sum(
        int(np.prod(size)) for name, size in layer_shapes(config).items() if len(size) == 2 and "norm" not in name
    )


class FirstLayer(Mapping[str, np.ndarray]):
    """Its tensors, each read when it is asked for: see `reference.Tensors`."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.stored = {name.removeprefix("blk.0."): name for name in model.tensors}

    def __getitem__(self, name: str) -> np.ndarray:
        info = self.model.tensors[self.stored[name]]
        return info.encoding.dequantise(self.model.read(info.name), info.shape).astype(np.float64)

    def __iter__(self) -> Iterator[str]:
        return iter(self.stored)

    def __len__(self) -> int:
        return len(self.stored)
