"""Quants of the `xla` kernel as numbers: whole matrices or looked-up rows as floats, and one block's as integers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from jax import lax

from smjax.worker.kernels.xla.forms import BLOCK, Form, Parts

SUPER_BLOCK = 8
"""Blocks that share scales of scales."""
_NIBBLES = ((0, 8), (4, 12))
"""Where in a word that of input 16h + 2r + e begins, by h and e."""


def weights_of(form: Form, parts: Parts[jax.Array]) -> jax.Array:
    """f32[blocks, groups, inputs, …] of arrays [blocks, rows, …]."""
    n_blocks, _, *rest = parts.quants.shape
    values = _values(form, parts).reshape(n_blocks, form.groups, BLOCK // form.groups, *rest)
    weights = values.astype(jnp.float32) * _scales(parts, parts.scales, 0)[:, :, None]
    if parts.minimums is not None:
        weights += _scales(parts, parts.minimums, 1)[:, :, None]
    return weights


def _scales(parts: Parts[jax.Array], scales: jax.Array, of_all: int) -> jax.Array:
    scales = scales.astype(jnp.float32)
    if parts.shared is None:
        return scales
    return scales * jnp.repeat(parts.shared[:, of_all : of_all + 1].astype(jnp.float32), SUPER_BLOCK, axis=0)


def _values(form: Form, parts: Parts[jax.Array]) -> jax.Array:
    """[blocks, 32, …] or the same size, the integers that scales multiply."""
    if form.bits == 8:
        return parts.quants
    n_blocks, _, *rest = parts.quants.shape
    ones = (1,) * len(rest)
    quants = parts.quants[:, None, :, None] >> jnp.array(_NIBBLES, jnp.int16).reshape(1, 2, 1, 2, *ones) & 15
    if parts.upper is not None:
        bits = form.bits - 4
        near = jnp.arange(16 // bits, dtype=jnp.int16) * bits
        upper = parts.upper.reshape(n_blocks, 2, bits, 1, *rest) >> near.reshape(1, 1, 1, -1, *ones) & ((1 << bits) - 1)
        quants = quants | upper.reshape(n_blocks, 2, 8, 2, *rest) << 4
    return _picked(form.table, quants) if form.table else quants - form.above


def integers_of(form: Form, row: Callable[[str, int], jax.Array]) -> dict[int, jax.Array]:
    """int16 of a block's inputs, in the order in which they lie; `row` is one of a part by name."""
    if form.bits == 8:
        return {i: row("quants", i).astype(jnp.int16) for i in range(BLOCK)}
    order = [(r, h, e) for r in range(8) for e in (0, 1) for h in (0, 1)]
    return {16 * h + 2 * r + e: _integer(form, row, r, h, e) for r, h, e in order}


def _integer(form: Form, row: Callable[[str, int], jax.Array], r: int, h: int, e: int) -> jax.Array:
    shift = _NIBBLES[h][e]
    quant = lax.shift_right_logical(row("quants", r), jnp.int16(shift))
    quant = quant if shift == 12 else quant & 15
    if form.bits > 4:
        bits = form.bits - 4
        word, place = divmod((2 * r + e) * bits, 16)
        quant = quant | _moved(row("upper", h * bits + word), place - 4) & (((1 << bits) - 1) << 4)
    return _picked(form.table, quant) if form.table else quant


def _moved(words: jax.Array, down: int) -> jax.Array:
    """Bits moved to lower places, or to higher ones where that is below 0."""
    return words << jnp.int16(-down) if down < 0 else lax.shift_right_logical(words, jnp.int16(down))


def _picked(table: Sequence[int], places: jax.Array) -> jax.Array:
    """int16 of the table's numbers: chosen by one bit after the other, as a gather is scalar code."""
    chosen = [jnp.int16(value) for value in table]
    for bit in range(4):
        odd = places & (1 << bit) != 0
        chosen = [jnp.where(odd, high, low) for low, high in zip(chosen[::2], chosen[1::2], strict=True)]
    return chosen[0]
