"""The packed matrix product: what a kernel is, and which ones there are.

A third kernel is one new module with a class like `xla.XlaKernel` and one entry in `KERNELS`.
"""

from __future__ import annotations

from typing import Any, Protocol

import jax
import numpy as np

from smjax.core.tensors import Encoding
from smjax.worker.kernels.xla import XlaKernel

Packed = Any
"""A pytree of arrays in the kernel's own layout: `L` matrices of the same encoding and shape, stacked."""


class Kernel(Protocol):
    """Layout and product of matrices that stay packed. Shapes: L layers, N outputs, K inputs, T columns."""

    name: str

    def allocate(self, encoding: Encoding, n_layers: int, n_out: int, n_in: int) -> Packed:
        """Uninitialised NumPy arrays for `n_layers` matrices [n_out, n_in] of one encoding."""

    def fill(self, packed: Packed, layer: int, first_out: int, raw: np.ndarray) -> None:
        """Repack stored rows (uint8, row-major blocks) into `packed`, from output `first_out` of `layer` on."""

    def matvec(self, packed: Packed, layer: jax.Array, x: jax.Array) -> jax.Array:
        """f32[N] = the matrix of `layer` times `x`, f32[K]; never unpacks the matrix."""

    def matmul(self, packed: Packed, layer: jax.Array, x: jax.Array) -> jax.Array:
        """f32[T, N] for `x`, f32[T, K]; may unpack the one matrix."""

    def rows(self, packed: Packed, ids: jax.Array) -> jax.Array:
        """f32[T, K]: rows `ids`, int32[T], of the first matrix (an embedding look-up)."""


KERNELS: dict[str, type[XlaKernel]] = {"xla": XlaKernel}


def make_kernel(name: str, simd: frozenset[str]) -> Kernel:
    """The kernel called `name`, or the best one for `auto`, on a CPU with these SIMD features."""
    return KERNELS["xla" if name == "auto" else name](simd)
