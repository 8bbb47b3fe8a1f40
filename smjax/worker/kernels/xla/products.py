"""Products with packed weights in plain JAX.

The decode product keeps integer lanes along the outputs. Activations are quantised per block of 32 inputs to int8 range
(as Q8_0); a weight (-8…7) times one, summed over a block, stays within int16 (8 * 127 * 32 = 32,512). Rows are indexed
inside the loop's body: a block sliced first would be copied each time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from smjax.worker.kernels.shapes import Array, Bool, Float, Float32, Int, Int16
from smjax.worker.kernels.xla.layouts import BLOCK, Q4, Q8, TILE, Dense, Packed

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
        return lax.dynamic_index_in_dim(packed.values, layer, 0, keepdims=False).astype(dtype)
    unpack_tiles = partial(_unpack_tiles, dtype=dtype)
    shape = jax.eval_shape(unpack_tiles, packed, layer).shape
    tiles = lax.cond(ready, unpack_tiles, lambda *_: jnp.zeros(shape, dtype), packed, layer)
    return tiles.reshape(-1, shape[-2] * TILE)


def _unpack_tiles(packed: Q4 | Q8, layer: jax.Array, dtype: Any) -> Array:
    """[I/32, …, tiles, 32] of one matrix."""
    one = jax.tree.map(lambda a: jnp.swapaxes(lax.dynamic_index_in_dim(a, layer, 0, keepdims=False), 1, 2), packed)
    scales = one.scales[:, :, None].astype(jnp.float32)
    if isinstance(packed, Q4):
        values = _weights_of(one.words[:, None, :, None], (2, 1, 2, 1, 1))
        return (values.astype(jnp.float32) * scales[:, :, None]).astype(dtype)
    n_blocks, _, *tiles = one.values.shape
    values = one.values.reshape(n_blocks, -1, packed.group, *tiles)
    return (values.astype(jnp.float32) * scales).astype(dtype)


def _weights_of(words: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """The weights in words, whose nibble 2e + h is that of input 16h + 2r + e; [2, 2] of h and e in `shape`."""
    right = jnp.array([[0, 8], [4, 12]], jnp.int16).reshape(shape)
    return ((words >> right) & 15) - 8


def look_up(packed: Packed, ids: Int[Array, " T"]) -> Float32[Array, "T I"]:
    """Rows `ids` of the first matrix; beyond the last, the last."""
    ids = jnp.minimum(ids, packed.n_out - 1)
    match packed:
        case Q4(words=words, scales=scales):
            columns, scale = (jnp.asarray(a)[0, :, ids // TILE, :, ids % TILE] for a in (words, scales))  # [T, I/32, …]
            values = _weights_of(columns[:, :, None, :, None], (2, 1, 2))  # [T, I/32, 2, 8, 2]
            return (values * scale[..., None, None].astype(jnp.float32)).reshape(len(ids), -1)
        case Q8(values=values, scales=scales):
            columns, scale = (jnp.asarray(a)[0, :, ids // TILE, :, ids % TILE] for a in (values, scales))
            return (columns * jnp.repeat(scale, packed.group, axis=2).astype(jnp.float32)).reshape(len(ids), -1)
        case _:
            return packed.values[0][:, ids].T.astype(jnp.float32)


def matvec(packed: Packed, layer: Int[Array, ""], x: Float[Array, " I"], streams: int) -> Float32[Array, " O"]:
    """The matrix of `layer` times `x`; never unpacks it, and reads `streams` places of it at once."""
    match packed:
        case Q4():
            return _matvec_blocks(packed, layer, x, packed.words.shape[2], _add_q4, streams)
        case Q8():
            return _matvec_blocks(packed, layer, x, packed.values.shape[2], _add_q8, streams)
        case _:
            return _matvec_dense(packed, layer, x)


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


def _matvec_blocks(
    packed: Any, layer: jax.Array, x: jax.Array, tiles: int, add_block: Callable[..., jax.Array], streams: int
) -> jax.Array:
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
            total = add_block(packed, layer, block, v, lax.dynamic_slice(scales, (block,), (1,)), total)
        return total

    zeros = jnp.full((tiles, TILE), nothing.astype(jnp.float32))
    total = lax.fori_loop(nothing, n_blocks // places + nothing, step, zeros)
    return total.reshape(-1)[: packed.n_out]


def _add_q4(
    packed: Q4, layer: jax.Array, block: jax.Array, v: jax.Array, x_scale: jax.Array, total: jax.Array
) -> jax.Array:
    # Nibbles are 8 above their weights. Sums of them may wrap around in int16, the corrected sum is within it.
    dot = jnp.full(total.shape, -8 * jnp.sum(v, dtype=jnp.int16))
    for r in range(BLOCK // 4):
        words = _row(packed.words, layer, block, r)
        dot += (words & 15) * v[2 * r] + ((words >> 4) & 15) * v[2 * r + 16]
        dot += ((words >> 8) & 15) * v[2 * r + 1] + lax.shift_right_logical(words, jnp.int16(12)) * v[2 * r + 17]
    return total + dot.astype(jnp.float32) * (_row(packed.scales, layer, block, 0).astype(jnp.float32) * x_scale)


def _add_q8(
    packed: Q8, layer: jax.Array, block: jax.Array, v: jax.Array, x_scale: jax.Array, total: jax.Array
) -> jax.Array:
    terms = min(packed.group, INT16_MAX // (packed.form.peak * INT8_PEAK))  # that cannot overflow in int16
    for group in range(BLOCK // packed.group):
        dot = jnp.zeros(total.shape, jnp.int32)
        for start in range(group * packed.group, (group + 1) * packed.group, terms):
            partial = jnp.zeros(total.shape, jnp.int16)
            for i in range(start, start + terms):
                partial += _row(packed.values, layer, block, i).astype(jnp.int16) * v[i]
            dot += partial.astype(jnp.int32)
        scale = _row(packed.scales, layer, block, group).astype(jnp.float32) * x_scale
        total = total + dot.astype(jnp.float32) * scale
    return total


def _matvec_dense(packed: Dense, layer: jax.Array, x: jax.Array) -> jax.Array:
    """One step 16 inputs, then what is left of them."""
    n_in, n_out = packed.values.shape[1:]

    def add_rows(first: jax.Array | int, count: int, total: jax.Array) -> jax.Array:
        for i in range(count):
            row = lax.dynamic_slice(packed.values, (layer, first + i, 0), (1, 1, n_out)).reshape(-1)
            total += x[first + i] * row.astype(jnp.float32)
        return total

    total = jnp.zeros(n_out, jnp.float32)
    total = lax.fori_loop(0, n_in // 16, lambda step, total: add_rows(step * 16, 16, total), total)
    return add_rows(n_in // 16 * 16, n_in % 16, total)
