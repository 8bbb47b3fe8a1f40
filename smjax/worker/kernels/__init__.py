"""The packed matrix product and what is fused with it: what a kernel is, and which ones there are.

A third kernel is one new module with a class like `xla.XlaKernel` and one entry in `KERNELS`.
"""

from __future__ import annotations

from collections.abc import Callable

from smjax.worker.kernels.interface import Cache, Kernel, Matrix, Norm, Packed, Setup
from smjax.worker.kernels.native import NativeKernel
from smjax.worker.kernels.xla import XlaKernel

__all__ = ["KERNELS", "Cache", "Kernel", "Matrix", "Norm", "Packed", "Setup", "make_kernel"]

KERNELS: dict[str, Callable[[Setup], Kernel]] = {"native": NativeKernel, "xla": XlaKernel}


def make_kernel(setup: Setup) -> Kernel:
    """The kernel that was chosen for this process."""
    return KERNELS[setup.kernel](setup)
