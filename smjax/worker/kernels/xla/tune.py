"""Times the variants of the decode product for each shape of a model: which is the fastest."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from smjax.core.gguf.encodings import ENCODINGS
from smjax.worker.kernels.xla.layouts import LAYOUTS, Packed, allocate
from smjax.worker.kernels.xla.products import matvec
from smjax.worker.kernels.xla.variants import VARIANTS, default_variant, shape_key

ROUNDS = 9
WORTH = 0.97
"""Share of the default's time below which another variant is chosen: less may be chance, and would come and go."""
WORKING_SET_BYTES = 48e6
"""Of a shape's stacked matrices, as far as `MOST_LAYERS` allow: what a model's layers read lies in memory."""
MOST_LAYERS = 256

Times = dict[str, dict[str, float]]
"""Microseconds of a product, by shape and variant."""


def tune(shapes: Sequence[tuple[str, int, int]]) -> tuple[dict[str, str], Times]:
    """The faster variant of each shape (encoding, outputs, inputs), and the times that say so.

    The variants take turns, so that a slow spell of the machine hits all of them.
    """
    times: Times = {}
    chosen: dict[str, str] = {}
    for encoding, n_out, n_in in shapes:
        if LAYOUTS[encoding].variants is None:
            continue
        packed = _random(encoding, n_out, n_in)
        programs = {name: _program(packed, n_in, streams) for name, streams in VARIANTS.items()}
        rounds = [{name: run() for name, run in programs.items()} for _ in range(ROUNDS)]
        medians = {name: statistics.median(one[name] for one in rounds) for name in VARIANTS}
        best, default = min(medians, key=lambda name: medians[name]), default_variant(encoding, n_out, n_in)
        key = shape_key(encoding, n_out, n_in)
        times[key], chosen[key] = medians, best if medians[best] < WORTH * medians[default] else default
    return chosen, times


def _random(encoding: str, n_out: int, n_in: int) -> Packed:
    """Stacked matrices with seeded weights."""
    stored = ENCODINGS[encoding]
    n_layers = int(np.clip(WORKING_SET_BYTES / (n_out * stored.row_bytes(n_in)), 1, MOST_LAYERS))
    packed = allocate(stored, n_layers, n_out, n_in)
    rng = np.random.default_rng(42)
    for array in jax.tree.leaves(packed):
        if array.dtype == np.float16:
            array[:] = 0.01
        else:
            array.view(np.uint8)[:] = rng.integers(0, 256, array.nbytes, np.uint8).reshape(array.view(np.uint8).shape)
    return jax.tree.map(jax.device_put, packed)


def _program(packed: Packed, n_in: int, streams: int) -> Callable[[], float]:
    """Runs one product with every layer, each waiting for the one before; returns µs a product."""
    n_layers = jax.tree.leaves(packed)[0].shape[0]

    def layers(packed: Packed, x: jax.Array) -> jax.Array:
        def step(layer: jax.Array, x: jax.Array) -> jax.Array:
            return x + 1e-30 * matvec(packed, layer, x, streams)[0]

        return lax.fori_loop(0, n_layers, step, x)

    x = jnp.asarray(np.random.default_rng(7).standard_normal(n_in), jnp.float32)
    compiled = jax.jit(layers).lower(packed, x).compile()
    jax.block_until_ready(compiled(packed, x))

    def run() -> float:
        start = time.perf_counter_ns()
        jax.block_until_ready(compiled(packed, x))
        return (time.perf_counter_ns() - start) / 1e3 / n_layers

    return run
