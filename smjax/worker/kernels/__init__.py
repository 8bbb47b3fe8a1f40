"""The packed matrix product and what is fused with it: what a kernel is.

A kernel is a module here with a function `make`, and its spec in the engine's (`smjax.core.engines.smjax`). Only the
one that a process was asked for is imported.
"""

from __future__ import annotations

import importlib

from smjax.worker.kernels.interface import Cache, HeadNorms, Kernel, Matrix, Norm, Packed, Setup

__all__ = ["Cache", "HeadNorms", "Kernel", "Matrix", "Norm", "Packed", "Setup", "make_kernel"]


def make_kernel(setup: Setup) -> Kernel:
    """The kernel that was chosen for this process."""
    kernel: Kernel = importlib.import_module(f"{__name__}.{setup.kernel}").make(setup)
    return kernel
