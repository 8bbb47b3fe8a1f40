"""Products with packed weights in plain JAX.

The decode product keeps integer lanes along the outputs. Activations are quantised per block of 32 inputs to int8 range
(as Q8_0); a weight (-8…7) times one, summed over a block, stays within int16 (8 * 127 * 32 = 32,512). Rows are indexed
inside the loop's body: a block sliced first would be copied each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial, reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from smjax.worker.kernels.shapes import Array, Bool, Float, Float32, Int, Int16
from smjax.worker.kernels.xla.cache import as_float32
from smjax.worker.kernels.xla.forms import BLOCK, Form
from smjax.worker.kernels.xla.layouts import TILE, Blocks, Dense, Packed
from smjax.worker.kernels.xla.quants import SUPER_BLOCK, integers_of, weights_of

INT16_MAX, INT8_PEAK = 32_767, 127


def quantise(x: Float[Array, " I"]) -> tuple[Int16[Array, "blocks 32"], Float[Array, " blocks"]]:
    """Values of int8 range in blocks of 32 and peaks of blocks with x ≈ value * peak / 127."""
    blocks = x.reshape(-1, BLOCK)
    peaks = jnp.max(jnp.abs(blocks), axis=1)
    tiny = jnp.finfo(jnp.float32).tiny  # a block of zeros stays one
    return jnp.round(blocks * INT8_PEAK / jnp.maximum(peaks, tiny)[:, None]).astype(jnp.int16), peaks


def unpack(packed: Packed, layer: Int[Array, ""], dtype: Any, ready: Bool[Array, ""]) -> Float[Array, "I O"]:
    """Weights of one matrix as `dtype`, the outputs in whole tiles.

    `ready` is true, which XLA does not know: so it unpacks no matrix before its inputs are there, and does that in the
    shape of tiles, for which it has vector code (5 weights/ns; 1.2 where it loops over the shape of the GEMM).
    """
    if isinstance(packed, Dense):
        layer = layer + (~ready).astype(jnp.int32)
        return as_float32(lax.dynamic_index_in_dim(packed.values, layer, 0, keepdims=False)).astype(dtype)
    unpack_tiles = partial(_unpack_tiles, dtype=dtype)
    shape = jax.eval_shape(unpack_tiles, packed, layer).shape
    tiles = lax.cond(ready, unpack_tiles, lambda *_: jnp.zeros(shape, dtype), packed, layer)
    return tiles.reshape(-1, shape[-2] * TILE)


def _unpack_tiles(packed: Blocks, layer: jax.Array, dtype: Any) -> Array:
    """[I/32, …, tiles, 32] of one matrix."""

    def rows(array: jax.Array) -> jax.Array:
        return jnp.swapaxes(lax.dynamic_index_in_dim(array, layer, 0, keepdims=False), 1, 2)

    return weights_of(packed.form, jax.tree.map(rows, packed.parts)).astype(dtype)


def look_up(packed: Packed, ids: Int[Array, " T"]) -> Float32[Array, "T I"]:
    """Rows `ids` of the first matrix; beyond the last, the last."""
    ids = jnp.minimum(ids, packed.n_out - 1)
    if isinstance(packed, Dense):
        return as_float32(jnp.asarray(packed.values)[0][:, ids].T)

    def rows(array: jax.Array) -> jax.Array:
        return jnp.moveaxis(jnp.asarray(array)[0, :, ids // TILE, :, ids % TILE], 0, -1)

    weights = weights_of(packed.form, jax.tree.map(rows, packed.parts))
    return weights.reshape(-1, len(ids)).T


def matvec(packed: Packed, layer: Int[Array, ""], x: Float[Array, " I"], streams: int) -> Float32[Array, " O"]:
    """The matrix of `layer` times `x`; never unpacks it, and reads `streams` places of it at once."""
    if isinstance(packed, Dense):
        return _matvec_dense(packed, layer, x)
    return _matvec_blocks(packed, layer, x, streams)


def _row(array: jax.Array, layer: jax.Array, block: jax.Array, row: int) -> jax.Array:
    """[tiles, 32] of array[L, I/32, tiles, rows, 32]; a slice this small fuses into whatever uses it."""
    tiles = array.shape[2]
    return lax.dynamic_slice(array, (layer, block, 0, row, 0), (1, 1, tiles, 1, TILE)).reshape(tiles, TILE)


def _nothing_of(peaks: Float[Array, " blocks"]) -> Int[Array, ""]:
    """Always 0, which XLA does not know, and does not have before `peaks`.

    A loop up to a constant and this is not taken apart into the operations that follow. One that starts from it waits
    for its inputs: zeros are ready at once, and of more than 8 operations that are ready XLA hands half to its pool,
    with which one thread on one CPU then takes turns in every token.
    """
    return (peaks[0] < 0).astype(jnp.int32)


def _matvec_blocks(packed: Blocks, layer: jax.Array, x: jax.Array, streams: int) -> jax.Array:
    """Block after block of the inputs, from as many places as there are streams; the order of sums depends on that."""
    values, peaks = quantise(x)
    scales = peaks * (1 / INT8_PEAK)
    n_blocks = len(values)
    places = next(count for count in range(streams, 0, -1) if n_blocks % count == 0)
    nothing = _nothing_of(peaks)

    def step(i: jax.Array, total: jax.Array) -> jax.Array:
        for place in range(places):
            block = i + place * (n_blocks // places)
            v = lax.dynamic_slice(values, (block, 0), (1, BLOCK)).reshape(-1)
            total = _add_block(packed, layer, block, v, lax.dynamic_slice(scales, (block,), (1,)), total)
        return total

    zeros = jnp.full((packed.n_tiles, TILE), nothing.astype(jnp.float32))
    total = lax.fori_loop(nothing, n_blocks // places + nothing, step, zeros)
    return total.reshape(-1)[: packed.n_out]


def _add_block(
    packed: Blocks, layer: jax.Array, block: jax.Array, v: jax.Array, x_scale: jax.Array, total: jax.Array
) -> jax.Array:
    form, parts = packed.form, packed.parts
    integers = integers_of(form, cache(lambda name, row: _row(getattr(parts, name), layer, block, row)))

    def scale(array: jax.Array, row: int, of_all: int) -> jax.Array:
        scales = _row(array, layer, block, row).astype(jnp.float32)
        if parts.shared is None:
            return scales
        return scales * _row(parts.shared, layer, block // SUPER_BLOCK, of_all).astype(jnp.float32)

    for group in range(form.groups):
        inputs = [i for i in integers if i * form.groups // BLOCK == group]
        dot = _dot(form, integers, inputs, v).astype(jnp.float32)
        if form.centre != form.above:
            dot += ((form.centre - form.above) * _sum(v, inputs)).astype(jnp.float32)
        total = total + dot * (scale(parts.scales, group, 0) * x_scale)
    if parts.minimums is not None:
        total = total + scale(parts.minimums, 0, 1) * (x_scale * _sum(v, list(integers)).astype(jnp.float32))
    return total


def _dot(form: Form, integers: Mapping[int, jax.Array], inputs: list[int], v: jax.Array) -> jax.Array:
    """The integers of some inputs times their values, in as many sums as fit into int16."""
    terms = INT16_MAX // (form.peak * INT8_PEAK)
    sums = []
    for first in range(0, len(inputs), terms):
        some = inputs[first : first + terms]
        # Quants are above their integers. Sums of them may wrap around in int16, the corrected sum is within it.
        dot = -form.centre * _sum(v, some, jnp.int16)
        for i in some:
            dot = dot + integers[i] * v[i]
        sums.append(dot)
    return sums[0] if len(sums) == 1 else reduce(jnp.add, [one.astype(jnp.int32) for one in sums])


def _sum(v: jax.Array, inputs: list[int], dtype: Any = jnp.int32) -> jax.Array:
    return jnp.sum(v if len(inputs) == BLOCK else v[np.array(inputs)], dtype=dtype)


def _matvec_dense(packed: Dense, layer: jax.Array, x: jax.Array) -> jax.Array:
    """One step 16 inputs, then what is left of them."""
    n_in, n_out = packed.values.shape[1:]

    def add_rows(first: jax.Array | int, count: int, total: jax.Array) -> jax.Array:
        for i in range(count):
            row = lax.dynamic_slice(packed.values, (layer, first + i, 0), (1, 1, n_out)).reshape(-1)
            total += x[first + i] * as_float32(row)
        return total

    total = jnp.zeros(n_out, jnp.float32)
    total = lax.fori_loop(0, n_in // 16, lambda step, total: add_rows(step * 16, 16, total), total)
    return add_rows(n_in // 16 * 16, n_in % 16, total)
