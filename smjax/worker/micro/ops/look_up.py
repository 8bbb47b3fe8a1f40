"""The ends of a decoder: rows of the embedding, and the choice of the next id."""

from __future__ import annotations

import jax
import numpy as np

from smjax.core.ops import Shape
from smjax.worker.kernels import Norm, Packed
from smjax.worker.kernels.xla.elementwise import first_best
from smjax.worker.micro import reference
from smjax.worker.micro.ops.matrices import StoredMatrix
from smjax.worker.micro.ops.products import peak_of
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.work import Work
from smjax.worker.model.weights import packed_bytes

_EPS = 1e-5


def embedding(shape: Shape, setup: MicroSetup) -> Work:
    """T rows of a matrix [V, D]: of its bytes a row's share each, and their numbers."""
    t, v, d = shape.sizes
    random = setup.random()
    matrix = StoredMatrix.drawn(shape.kind, v, d, random)
    packed, ids = matrix.packed(setup.kernel), random.integers(0, v, t, np.int32)
    return Work(
        setup.kernel.rows,
        inputs=(packed, ids),
        bytes=t * (packed_bytes((packed,)) // v + 4 * d + 4),
        flops=0,
        reference=lambda *_: matrix.rows(ids),
    )


def sample(shape: Shape, setup: MicroSetup) -> Work:
    """The best output of a matrix [V, D] for a normed column: which one that is has to be right, not nearly so."""
    v, d = shape.sizes
    random = setup.random()
    matrix = StoredMatrix.drawn(shape.kind, v, d, random)
    packed = matrix.packed(setup.kernel)
    best = matrix.rows(random.integers(0, v, 1)).astype(np.float32)  # a row is like no other, so no other is near
    weight = 1 + random.standard_normal((1, d), np.float32) / 10

    def run(packed: Packed, x: jax.Array, weight: jax.Array) -> jax.Array:
        return setup.kernel.argmax((packed,), x, Norm(weight, None, _EPS))

    return Work(
        run,
        inputs=(packed, best, weight),
        bytes=packed_bytes((packed,)) + best.nbytes + weight.nbytes + 4,
        flops=2 * v * d,
        reference=lambda *_: np.argmax(matrix.times(reference.normalised(best, weight, None, _EPS))),
        tolerance=0.0,
        peak=peak_of(setup, matrix.encoding, 1),
    )


def argmax(shape: Shape, setup: MicroSetup) -> Work:
    """The first of the best of [V], which the one that is last is as good as."""
    (v,) = shape.sizes
    scores = setup.random().standard_normal(v, np.float32)
    scores[[v // 2, v - 1]] = scores.max() + 1
    return Work(
        first_best, inputs=(scores,), bytes=scores.nbytes + 4, flops=0, reference=np.argmax(scores), tolerance=0.0
    )
