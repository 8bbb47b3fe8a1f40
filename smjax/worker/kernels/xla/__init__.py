"""The `xla` kernel: everything in plain JAX, wherever JAX runs."""

from smjax.worker.kernels.xla.kernel import XlaKernel

__all__ = ["XlaKernel"]
