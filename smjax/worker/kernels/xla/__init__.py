"""The `xla` kernel: everything in plain JAX, wherever JAX runs."""

from smjax.worker.kernels.interface import Setup
from smjax.worker.kernels.xla.kernel import XlaKernel

__all__ = ["XlaKernel", "make"]


def make(setup: Setup) -> XlaKernel:
    """The kernel, with the variants of its products that were chosen."""
    return XlaKernel(setup)
