"""RoPE: its angles, once a step of a decoder, and what is turned by them in every layer."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from smjax.core.models.config import Pairs
from smjax.core.models.families import decoder
from smjax.core.ops import Shape
from smjax.worker.kernels.xla.elementwise import rotate
from smjax.worker.micro import reference
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.work import Work
from smjax.worker.model.rope import rotations
from smjax.worker.model.weights import Weights

_BASE = 10_000.0
_FIRST = 1000
"""Position of the first of the queries."""


def rope(shape: Shape, setup: MicroSetup) -> Work:
    """Of [T, N, H]: two elements become two by four products and two sums."""
    t, n, h = shape.sizes
    pairs: Pairs = "adjacent" if shape.kind == "adjacent" else "halves"
    x = setup.random().standard_normal((t, n, h), dtype="float32")
    angles = _angles(t, h)
    rotation = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    return Work(
        partial(rotate, pairs=pairs),
        inputs=(x, rotation),
        bytes=4 * (2 * x.size + rotation.size),
        flops=3 * x.size,
        reference=lambda x, _: reference.turned(np.asarray(x), angles, pairs),
        peak="fma",
    )


def rope_angles(shape: Shape, setup: MicroSetup) -> Work:
    """[T, 2, H/2] of a position: a product, a cosine and a sine for two elements of a head."""
    t, h = shape.sizes
    config = decoder("llama", 1, h, 1, 1, h, h, 1, _FIRST + t, norm_eps=1e-5, tied=True, rope_base=_BASE)
    weights = Weights(embedding=(), position=None, output=None, stacks=(), vectors={})
    angles = _angles(t, h)

    def run(start: jax.Array) -> jax.Array:
        turns = rotations(config, weights, start + jnp.arange(t))
        assert turns is not None, "as it has RoPE"
        return turns

    return Work(
        run,
        inputs=(np.int32(_FIRST),),
        bytes=4 * (t * h + 1),
        flops=3 * t * h // 2,
        reference=np.stack([np.cos(angles), np.sin(angles)], axis=1)[None],
        peak="fma",
    )


def _angles(t: int, h: int) -> np.ndarray:
    """[T, H/2], radians."""
    return np.arange(_FIRST, _FIRST + t)[:, None] * _BASE ** (-np.arange(0, h, 2) / h)
