"""JAX in the test process: on one thread, as in a worker pinned to one CPU."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def _jax_of_a_worker() -> Iterator[None]:
    from smjax.worker.engines.smjax.compilation import configure_jax

    configure_jax()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_PLATFORMS", "cpu")  # this and the next are read when JAX's CPU client is made
        patch.setenv("PJRT_NPROC", "1")
        yield
