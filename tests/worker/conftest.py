"""JAX in the test process: on one thread, as in a worker pinned to one CPU."""

from __future__ import annotations

import os

import pytest

os.environ.update(JAX_PLATFORMS="cpu", PJRT_NPROC="1")  # read when JAX's CPU client is made


@pytest.fixture(autouse=True, scope="session")
def _jax_of_a_worker() -> None:
    from smjax.worker.engines.smjax.compilation import configure_jax

    configure_jax()
