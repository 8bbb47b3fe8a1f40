"""Products with packed matrices as the decoder computes them, and what the `xla` kernel does for them on the way."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from smjax.core.gguf.encodings import Encoding
from smjax.core.ops import Shape
from smjax.worker.engines.smjax.check import PRODUCT_NMSE_MAX
from smjax.worker.kernels import Packed
from smjax.worker.kernels.xla import XlaKernel
from smjax.worker.kernels.xla.forms import BLOCK
from smjax.worker.kernels.xla.products import INT8_PEAK, quantise
from smjax.worker.kernels.xla.products import unpack as unpack_matrix
from smjax.worker.micro.ops.libraries import library_peak
from smjax.worker.micro.ops.matrices import StoredMatrix
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.work import Peak, Work
from smjax.worker.model.weights import packed_bytes

_LAYER = np.int32(0)


def product_of(encoding: Encoding) -> Callable[[Shape, MicroSetup], Work]:
    """Makes the work of `<encoding>_matvec` and `<encoding>_matmul`: f32[m, n], where m is 1 if it is not said."""

    def make(shape: Shape, setup: MicroSetup) -> Work:
        *columns, n_out, n_in = shape.sizes
        random, kernel = setup.random(), setup.kernel
        m = columns[0] if columns else 1
        stored = StoredMatrix.drawn(encoding.name.lower(), n_out, n_in, random)
        packed, x = stored.packed(kernel), random.standard_normal((m, n_in), np.float32)

        def run(packed: Packed, layer: jax.Array, x: jax.Array) -> jax.Array:
            return kernel.product((packed,), layer, x)

        return Work(
            run,
            (packed, _LAYER, x),
            bytes=packed_bytes((packed,)) + x.nbytes + 4 * m * n_out,
            flops=2 * m * n_out * n_in,
            reference=stored.times(x),
            tolerance=PRODUCT_NMSE_MAX,
            peak=peak_of(setup, encoding, m),
        )

    return make


def peak_of(setup: MicroSetup, encoding: Encoding, m: int) -> Peak:
    """Numbers are multiplied as floats, blocks as integers; many columns by XLA's product of what it unpacks."""
    if m > 1 and isinstance(setup.kernel, XlaKernel):
        return library_peak("f32" if setup.kernel.matmul_dtype == jnp.float32 else "bf16", setup)
    return "fma" if encoding.block == 1 else "dot"


def make_unpack(shape: Shape, setup: MicroSetup) -> Work:
    """A matrix [k, n] of plain numbers, of the type that the `xla` kernel multiplies many columns in."""
    (n_out, n_in), random, kernel = shape.sizes, setup.random(), setup.kernel
    assert isinstance(kernel, XlaKernel), "the one that unpacks a matrix"
    dtype = kernel.matmul_dtype
    stored = StoredMatrix.drawn(shape.kind, n_out, n_in, random)
    packed = stored.packed(kernel)

    def run(packed: Packed, layer: jax.Array, x: jax.Array) -> jax.Array:
        return unpack_matrix(packed, layer, dtype, ready=~jnp.isnan(x))[:, :n_out]

    return Work(
        run,
        (packed, _LAYER, np.float32(0)),
        bytes=packed_bytes((packed,)) + n_out * n_in * jnp.dtype(dtype).itemsize,
        flops=0,
        reference=lambda *_: stored.rows(np.arange(n_out)).T,
    )


def make_quantise(shape: Shape, setup: MicroSetup) -> Work:
    """One column's values and the peaks of its blocks, as a product begins in the `xla` kernel."""
    x = setup.random().standard_normal(shape.sizes, np.float32)

    def reference(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        blocks = x.astype(np.float64).reshape(-1, BLOCK)
        peaks = np.abs(blocks).max(axis=1)
        return np.round(blocks * INT8_PEAK / peaks[:, None]), peaks

    return Work(quantise, (x,), bytes=x.nbytes + 2 * x.size + x.nbytes // BLOCK, flops=0, reference=reference)
