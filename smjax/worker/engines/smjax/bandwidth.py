"""How fast memory is read while nothing is computed: what a decode step is held against."""

from __future__ import annotations

from collections.abc import Sequence

import jax

from smjax.core import native_library
from smjax.worker.kernels import Setup


def read_bandwidth(setup: Setup, arrays: Sequence[tuple[jax.Array, int]], seconds: float) -> float | None:
    """Bytes a second at which as many threads, pinned alike, read the first so many bytes of `arrays` over and over.

    None where there is no library. An `xla` kernel's threads sleep meanwhile.
    """
    if native_library.library() is None:
        return None
    native_library.start("auto", setup.cpus, setup.threads)
    return native_library.read_bandwidth([(array.unsafe_buffer_pointer(), size) for array, size in arrays], seconds)
