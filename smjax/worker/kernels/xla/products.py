"""Products with packed weights in plain JAX.

The decode product keeps integer lanes along the outputs. Activations are quantised per block of 32 inputs to int8 range
(as Q8_0); a weight (-8…7) times one, summed over a block, stays within int16 (8 * 127 * 32 = 32,512). Rows are indexed
inside the loop's body: a block sliced first would be copied each time.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from smjax.worker.kernels.xla.layouts import Q4, Q8, Dense

Packed = Q4 | Q8 | Dense
BLOCK = 32
INT16_MAX, INT8_PEAK = 32_767, 127


def stored_row_bytes(packed: Packed, n_in: int) -> int:
    """Bytes of one stored row of `n_in` weights."""
    match packed:
        case Q4():
            return n_in // BLOCK * 18
        case Q8(group=group):
            return n_in // BLOCK * 34 if group == BLOCK else n_in // 256 * 210
        case _:
            return n_in * int(packed.values.dtype.itemsize)


def quantise(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """int16[K/32, 32] of int8 range and f32[K/32] peaks with x ≈ value * peak / 127."""
    blocks = x.reshape(-1, BLOCK)
    peaks = jnp.max(jnp.abs(blocks), axis=1)
    tiny = jnp.finfo(jnp.float32).tiny  # a block of zeros stays one
    return jnp.round(blocks * INT8_PEAK / jnp.maximum(peaks, tiny)[:, None]).astype(jnp.int16), peaks


def nibble_order(x: jax.Array) -> jax.Array:
    """x[..., K] in the order in which `unpack` gives Q4 words: all first nibbles, then all second, third and fourth."""
    blocks = x.reshape(*x.shape[:-1], -1, 2, 8, 2)  # input 16h + 2r + e is nibble 2e + h of word r
    return jnp.moveaxis(blocks, (-1, -3), (-4, -3)).reshape(x.shape)


def natural_order(x: jax.Array) -> jax.Array:
    """The inverse of `nibble_order`."""
    planes = x.reshape(*x.shape[:-1], 2, 2, -1, 8)
    return jnp.moveaxis(planes, (-4, -3), (-1, -3)).reshape(x.shape)


def unpack(packed: Packed, layer: jax.Array, dtype: jnp.dtype) -> jax.Array:
    """[K, N] weights of one matrix as `dtype`; inputs of a Q4 matrix are in `nibble_order`."""
    one = jax.tree.map(lambda a: lax.dynamic_index_in_dim(a, layer, 0, keepdims=False), packed)
    match one:
        case Q4(words=words, scales=scales):
            # One shape for all four nibbles: concatenated ones take three times as long (measured at 768 x 4096).
            left = jnp.array([12, 8, 4, 0], jnp.int16)[:, None, None]
            values = ((words[None] << left) >> 12).reshape(4, len(scales), 8, -1)
            scaled = values.astype(jnp.float32) * scales.astype(jnp.float32)[:, None]
        case Q8(values=values, scales=scales):
            values = values.reshape(len(scales), -1, values.shape[1])
            scaled = values.astype(jnp.float32) * scales.astype(jnp.float32)[:, None]
        case _:
            return one.values.astype(dtype)
    # Without the barrier the GEMM's fusion would take the unpacking in, and do it in scalar code.
    return lax.optimization_barrier(scaled.astype(dtype).reshape(-1, scaled.shape[-1]))


def _row(array: jax.Array, layer: jax.Array, row: jax.Array | int) -> jax.Array:
    """[N] of array[L, rows, N]; a slice this small fuses into whatever uses it."""
    return lax.dynamic_slice(array, (layer, row, 0), (1, 1, array.shape[2])).reshape(-1)


def _x_scale(peaks: jax.Array, block: jax.Array) -> jax.Array:
    return lax.dynamic_slice(peaks, (block,), (1,)) * (1 / INT8_PEAK)


def _nibbles(words: jax.Array) -> list[jax.Array]:
    """The four signed nibbles of int16 words, lowest first."""
    return [(words << 12) >> 12, (words << 8) >> 12, (words << 4) >> 12, words >> 12]


def matvec(packed: Packed, layer: jax.Array, x: jax.Array) -> jax.Array:
    """f32[N] = the matrix of `layer` times `x`, f32[K]; never unpacks the matrix."""
    match packed:
        case Q4():
            return _matvec_q4(packed, layer, x)
        case Q8():
            return _matvec_q8(packed, layer, x)
        case _:
            return _matvec_dense(packed, layer, x)


def _matvec_q4(packed: Q4, layer: jax.Array, x: jax.Array) -> jax.Array:
    """f32[N]: one step a block of 32 inputs, which is 8 rows of words."""
    values, peaks = quantise(x)

    def add_block(block: jax.Array, total: jax.Array) -> jax.Array:
        v = lax.dynamic_slice(values, (block, 0), (1, BLOCK)).reshape(-1)
        dot = jnp.zeros(total.shape, jnp.int16)
        for r in range(8):
            nibbles = _nibbles(_row(packed.words, layer, block * 8 + r))
            for nibble, value in zip(nibbles, (v[2 * r], v[2 * r + 16], v[2 * r + 1], v[2 * r + 17]), strict=True):
                dot += nibble * value
        scale = _row(packed.scales, layer, block).astype(jnp.float32) * _x_scale(peaks, block)
        return total + dot.astype(jnp.float32) * scale

    n_out = packed.words.shape[2]
    return lax.fori_loop(0, len(values), add_block, jnp.zeros(n_out, jnp.float32))


def _matvec_q8(packed: Q8, layer: jax.Array, x: jax.Array) -> jax.Array:
    """f32[N]: one step a block of 32 inputs, in int16 sums of as many terms as cannot overflow."""
    values, peaks = quantise(x)
    group = packed.group
    terms = min(group, INT16_MAX // (packed.peak * INT8_PEAK))

    def add_block(block: jax.Array, total: jax.Array) -> jax.Array:
        v = lax.dynamic_slice(values, (block, 0), (1, BLOCK)).reshape(-1)
        x_scale = _x_scale(peaks, block)
        for part in range(BLOCK // group):
            dot = jnp.zeros(total.shape, jnp.int32)
            for start in range(part * group, (part + 1) * group, terms):
                partial = jnp.zeros(total.shape, jnp.int16)
                for i in range(start, start + terms):
                    partial += _row(packed.values, layer, block * BLOCK + i).astype(jnp.int16) * v[i]
                dot += partial.astype(jnp.int32)
            scale = _row(packed.scales, layer, block * (BLOCK // group) + part).astype(jnp.float32)
            total = total + dot.astype(jnp.float32) * (scale * x_scale)
        return total

    n_out = packed.values.shape[2]
    return lax.fori_loop(0, len(values), add_block, jnp.zeros(n_out, jnp.float32))


def _matvec_dense(packed: Dense, layer: jax.Array, x: jax.Array) -> jax.Array:
    """f32[N]: one step 16 inputs, then what is left of them."""
    n_in, n_out = packed.values.shape[1:]

    def add_rows(first: jax.Array | int, count: int, total: jax.Array) -> jax.Array:
        for i in range(count):
            total += x[first + i] * _row(packed.values, layer, first + i).astype(jnp.float32)
        return total

    total = jnp.zeros(n_out, jnp.float32)
    total = lax.fori_loop(0, n_in // 16, lambda step, total: add_rows(step * 16, 16, total), total)
    return add_rows(n_in // 16 * 16, n_in % 16, total)
