"""What the ops of one process work with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from smjax.core.records.request import Request
from smjax.worker.engines.smjax.compilation import CompilationCache, configure_jax
from smjax.worker.kernels import Kernel, Setup, make_kernel
from smjax.worker.micro.cold import Walk
from smjax.worker.micro.peaks import Peaks


@dataclass(frozen=True)
class MicroSetup:
    """One kernel, one instruction set, some threads; and seeded numbers."""

    kernel_setup: Setup
    seed: int = 42

    @classmethod
    def of(cls, request: Request) -> MicroSetup:
        """For the process that was asked this, in which JAX has made no client yet."""
        configure_jax()
        CompilationCache(request.cache_dir)
        return cls(Setup.of(request), request.resolved.scenario.seed)

    @cached_property
    def kernel(self) -> Kernel:
        """As the decoder has it: made once."""
        return make_kernel(self.kernel_setup)

    @cached_property
    def peaks(self) -> Peaks:
        """Measured when they are first asked for, which is before what is held against them."""
        peaks = Peaks(self.kernel_setup)
        peaks.measure()
        return peaks

    @cached_property
    def walk(self) -> Walk:
        """For inputs that are cold; its memory is there from the first such point on."""
        return Walk.of(self.kernel_setup.cpus)

    def random(self) -> np.random.Generator:
        """Begins anew, so that an op's inputs do not depend on which ops were measured before it."""
        return np.random.default_rng(self.seed)
