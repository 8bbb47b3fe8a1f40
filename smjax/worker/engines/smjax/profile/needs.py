"""How many bytes each part of a step has to read, from the shapes of what is in memory."""

from __future__ import annotations

from collections.abc import Iterator

import jax.numpy as jnp

from smjax.core.models.config import DecoderConfig, head_norms
from smjax.core.records.profile import Need
from smjax.worker.model.weights import LayerStack, Weights, packed_bytes

PART_OF = {"qkv": "qkv", "attn_output": "output", "ffn_in": "feed-forward", "ffn_down": "feed-forward"}
"""Of each product of a layer."""


def needs(
    config: DecoderConfig, weights: Weights, n_positions: int, kv_dtype: str, n_ids: int = 1, times: int = 1
) -> list[Need]:
    """Bytes of a step that sees `n_positions` of the cache, looks up `n_ids` and goes through all layers `times` times.

    Of one id: together `bytes_per_token` of a record.
    """
    found = [
        Need(part, layer, size * (n_ids if part == "embedding" else 1 if layer is None else times))
        for part, layer, size in _of_weights(config, weights)
    ]
    kv = _of_cache(config, n_positions, jnp.dtype(kv_dtype).itemsize)
    return [*found, *(Need("attention", layer, size) for layer, size in enumerate(kv))]


def _of_weights(config: DecoderConfig, weights: Weights) -> Iterator[tuple[str, int | None, int]]:
    first = 0
    for stack in weights.stacks:
        for part, size in _of_layer(stack):
            yield from ((part, first + i, size) for i in range(stack.n_layers))
        first += stack.n_layers
    yield from (
        ("rope", i, sum(weights.vectors[name].nbytes for name in head_norms(config)) // first) for i in range(first)
    )
    yield "rope", None, sum(weights.vectors[name].nbytes for name in config.rope_factors)
    yield "norm", None, sum(array.nbytes for name, array in weights.vectors.items() if name.startswith("output_norm"))
    yield "head", None, packed_bytes(weights.embedding if weights.output is None else weights.output)
    yield "embedding", None, _rows(config, weights)


def _of_layer(stack: LayerStack) -> Iterator[tuple[str, int]]:
    for name, matrix in stack.matrices.items():
        bias = stack.vectors.get(f"{name}.bias")
        yield PART_OF[name], (packed_bytes(matrix) + (0 if bias is None else bias.nbytes)) // stack.n_layers
    norms = [array for name, array in stack.vectors.items() if name.removesuffix(".bias") not in stack.matrices]
    yield "norm", sum(array.nbytes for array in norms) // stack.n_layers


def _rows(config: DecoderConfig, weights: Weights) -> int:
    """Of matrices that are looked up and not multiplied."""
    row = 0 if config.tied else packed_bytes(weights.embedding) // config.n_vocab
    return row + (0 if weights.position is None else packed_bytes(weights.position) // config.ctx_train)


def _of_cache(config: DecoderConfig, n_positions: int, element_bytes: int) -> list[int]:
    """Of each layer: no more than its window."""
    windows = config.windows or (n_positions,) * config.n_layers
    slot = 2 * config.n_kv_heads * config.head_dim * element_bytes
    return [min(window, n_positions) * slot for window in windows]
