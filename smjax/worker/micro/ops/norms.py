"""The norms of a decoder, as XLA computes them: in both kernels after a layer's products, in one also before them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from smjax.core.ops import Shape
from smjax.worker.kernels import Norm
from smjax.worker.kernels.xla.elementwise import normalise
from smjax.worker.micro import reference
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.work import Work

_EPS = 1e-5


def rms_norm(shape: Shape, setup: MicroSetup) -> Work:
    """Of [T, D]: squares added up, each element scaled twice."""
    return _work(shape, setup, n_vectors=1, flops_an_element=4)


def layer_norm(shape: Shape, setup: MicroSetup) -> Work:
    """Of [T, D]: as RMSNorm, with the mean taken off before and the bias added after."""
    return _work(shape, setup, n_vectors=2, flops_an_element=7)


def _work(shape: Shape, setup: MicroSetup, n_vectors: int, flops_an_element: int) -> Work:
    t, d = shape.sizes
    random = setup.random()
    x = random.standard_normal((t, d), np.float32)
    weight, *biases = (1 + random.standard_normal((1, d), np.float32) / 10 for _ in range(n_vectors))

    def run(x: jax.Array, weight: jax.Array, bias: jax.Array | None = None) -> jax.Array:
        return normalise(Norm(weight, bias, _EPS), jnp.int32(0), x)

    return Work(
        run,
        inputs=(x, weight, *biases),
        bytes=4 * (2 * t * d + n_vectors * d),
        flops=flops_an_element * t * d,
        reference=lambda *_: reference.normalised(x, weight, biases[0] if biases else None, _EPS),
        peak="fma",
    )
