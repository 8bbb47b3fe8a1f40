"""A product of two matrices of plain numbers, as XLA computes it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from smjax.core.ops import Shape
from smjax.worker.micro.ops.libraries import library_peak
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.work import Work

_DTYPES = {"f32": jnp.float32, "bf16": jnp.bfloat16, "s8": jnp.int8}


def make(shape: Shape, setup: MicroSetup) -> Work:
    """f32[m, n] of f32 or bf16, s32[m, n] of s8."""
    m, n, k = shape.sizes
    dtype, random = _DTYPES[shape.kind], setup.random()
    a, b = _numbers(random, (m, k), dtype), _numbers(random, (k, n), dtype)
    result = jnp.int32 if shape.kind == "s8" else jnp.float32

    def run(a: jax.Array, b: jax.Array) -> jax.Array:
        return jnp.dot(a, b, preferred_element_type=result)

    return Work(
        run,
        (a, b),
        bytes=a.nbytes + b.nbytes + m * n * 4,
        flops=2 * m * n * k,
        reference=np.asarray(a, np.float64) @ np.asarray(b, np.float64),
        peak=library_peak(shape.kind, setup),
    )


def _numbers(random: np.random.Generator, size: tuple[int, int], dtype: type) -> np.ndarray:
    if dtype is jnp.int8:
        return random.integers(-127, 128, size, np.int8)
    return random.standard_normal(size, np.float32).astype(dtype)
