"""JAX in the test process: on one thread, as in a worker pinned to one CPU."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def _jax_of_a_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What several tests compile is compiled once, and by this session."""
    import jax

    from smjax.worker.engines.smjax.compilation import configure_jax

    configure_jax()
    jax.config.update("jax_compilation_cache_dir", str(tmp_path_factory.mktemp("programs")))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_PLATFORMS", "cpu")  # this and the next are read when JAX's CPU client is made
        patch.setenv("PJRT_NPROC", "1")
        yield
