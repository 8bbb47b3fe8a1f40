"""From stored tensors to the arrays that the compiled program takes.

Layers whose tensors share their encodings are stacked, so that a program loops over them with one set of arguments.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import numpy as np

from smjax.core.gguf.encodings import Encoding
from smjax.core.models.config import DecoderConfig, global_shapes, head_norms, layer_norms, matrix_shapes, products
from smjax.core.models.source import Model
from smjax.worker.kernels import Kernel, Matrix, Packed

Vectors = dict[str, Any]
"""f32[L, size] by GGUF name without `blk.N.`; L is 1 outside the layers."""
FILL_BYTES = 2**20
"""Stored bytes that are repacked at once."""


@partial(jax.tree_util.register_dataclass, data_fields=["matrices", "vectors"], meta_fields=["n_layers"])
@dataclass(frozen=True)
class LayerStack:
    """Consecutive layers with the same encodings."""

    n_layers: int
    matrices: dict[str, Matrix]
    """By product: qkv, attn_output, ffn_in, ffn_down."""
    vectors: Vectors
    """Norms by their names, biases by product as `qkv.bias`."""


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["embedding", "position", "output", "stacks", "vectors"],
    meta_fields=[],
)
@dataclass(frozen=True)
class Weights:
    """All arguments of the compiled program that do not change."""

    embedding: Matrix
    position: Matrix | None
    output: Matrix | None
    """None where the embedding is the output matrix."""
    stacks: tuple[LayerStack, ...]
    vectors: Vectors
    """Of the tensors outside the layers; of all layers, as attention counts them, the norms of queries and keys."""


def load_weights(model: Model, kernel: Kernel) -> Weights:
    """Repack every tensor of the model into the kernel's layout; the arrays are JAX's when this returns."""

    def single(name: str) -> Matrix | None:
        return _load_matrix(model, kernel, [[f"{name}.weight"]]) if f"{name}.weight" in model.tensors else None

    embedding, position, output = (single(name) for name in ("token_embd", "position_embd", "output"))
    assert embedding is not None, "checked when the model was opened"
    return replace(load_layers(model, kernel), embedding=embedding, position=position, output=output)


def load_layers(model: Model, kernel: Kernel) -> Weights:
    """As `load_weights`, without the matrices outside the layers."""
    outside = [name for name, shape in global_shapes(model.config).items() if len(shape) == 1]
    weights = Weights(
        embedding=(),
        position=None,
        output=None,
        stacks=tuple(_load_stack(model, kernel, layers) for layers in equal_layers(model)),
        vectors={name: jax.device_put(_vector(model, name)[None]) for name in outside} | _head_norms(model),
    )
    for name in model.tensors:  # once more, as reading a tensor maps pages of its neighbours too
        model.release(name)
    return weights


def equal_layers(model: Model) -> Iterator[list[int]]:
    """Runs of consecutive layers whose tensors have the same encodings."""

    def encodings(layer: int) -> tuple[str, ...]:
        parts = [part for parts in products(model.config).values() for part in parts]
        return tuple(model.tensors[f"blk.{layer}.{part}.weight"].encoding.name for part in parts)

    for _, layers in itertools.groupby(range(model.config.n_layers), key=encodings):
        yield list(layers)


def _load_stack(model: Model, kernel: Kernel, layers: list[int]) -> LayerStack:
    matrices = {
        product: _load_matrix(model, kernel, [[f"blk.{i}.{part}.weight" for part in parts] for i in layers])
        for product, parts in products(model.config).items()
    }
    norms = {name: _stacked(model, name, layers) for name in layer_norms(model.config)}
    return LayerStack(len(layers), matrices, norms | _biases(model, layers))


def _stacked(model: Model, name: str, layers: Sequence[int]) -> jax.Array:
    return jax.device_put(np.stack([_vector(model, f"blk.{i}.{name}") for i in layers]))


def _head_norms(model: Model) -> Vectors:
    return {name: _stacked(model, name, range(model.config.n_layers)) for name in head_norms(model.config)}


def _biases(model: Model, layers: list[int]) -> Vectors:
    """One of each product that has any, f32[L, O]: zeros for those of its matrices that have none."""
    config, found = model.config, {}
    for product, parts in products(config).items():
        if not set(parts) & set(config.biases):
            continue
        rows = [
            [
                _vector(model, f"blk.{i}.{part}.bias")
                if part in config.biases
                else np.zeros(matrix_shapes(config)[part][0], np.float32)
                for part in parts
            ]
            for i in layers
        ]
        found[f"{product}.bias"] = jax.device_put(np.stack([np.concatenate(row) for row in rows]))
    return found


def _load_matrix(model: Model, kernel: Kernel, names: list[list[str]]) -> Matrix:
    """`names[layer]` lists the tensors whose outputs follow each other in one product."""
    runs = itertools.groupby(range(len(names[0])), key=lambda part: model.tensors[names[0][part]].encoding.name)
    return tuple(
        _load_part(model, kernel, [[layer[part] for part in run] for layer in names])
        for run in [list(parts) for _, parts in runs]
    )


def _load_part(model: Model, kernel: Kernel, names: list[list[str]]) -> Packed:
    infos = [model.tensors[name] for name in names[0]]
    encoding: Encoding = infos[0].encoding
    packed = kernel.allocate(encoding, len(names), sum(info.shape[0] for info in infos), infos[0].shape[1])
    for layer, parts in enumerate(names):
        first_out = 0
        for name in parts:
            _fill(kernel, packed, encoding.row_bytes(infos[0].shape[1]), layer, first_out, model.read(name))
            model.release(name)
            first_out += model.tensors[name].shape[0]
    return jax.tree.map(jax.device_put, packed)


def _fill(kernel: Kernel, packed: Packed, row_bytes: int, layer: int, first_out: int, raw: np.ndarray) -> None:
    """Some rows after the other, so that what repacking takes meanwhile is small, however large the matrix is."""
    rows = raw.reshape(-1, row_bytes)
    step = max(1, FILL_BYTES // row_bytes)
    for first in range(0, len(rows), step):
        kernel.fill(packed, layer, first_out + first, rows[first : first + step].reshape(-1))


def _vector(model: Model, name: str) -> np.ndarray:
    info = model.tensors[name]
    return info.encoding.dequantise(model.read(name), info.shape).reshape(-1)


def packed_bytes(weights: Weights | Matrix) -> int:
    """Bytes of all arrays, counted."""
    return sum(array.nbytes for array in jax.tree.leaves(weights))


def step_weights(weights: Weights, config: DecoderConfig) -> Weights:
    """What one decode step reads whole: not the matrices that are only looked up."""
    return replace(weights, position=None, embedding=weights.embedding if config.tied else ())


def step_bytes(weights: Weights, config: DecoderConfig) -> int:
    """Bytes of weights that one decode step must read: of a matrix that is only looked up, one row."""
    looked_up = [(weights.position, config.ctx_train), (None if config.tied else weights.embedding, config.n_vocab)]
    rows = (packed_bytes(matrix) // n_rows for matrix, n_rows in looked_up if matrix is not None)
    return packed_bytes(step_weights(weights, config)) + sum(rows)
