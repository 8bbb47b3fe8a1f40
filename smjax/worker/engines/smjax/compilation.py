"""How programs are compiled: JAX's settings, its persistent cache and whether that helped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jaxlib.version
import numpy as np

from smjax.core.records.answer import Answer
from smjax.core.records.flags import COMPILE_CACHED

_HIT, _MISS = "/jax/compilation_cache/cache_hits", "/jax/compilation_cache/cache_misses"


def configure_jax() -> None:
    """Settings of every worker; before the CPU client exists."""
    # Programs run on the thread that calls them: 10 µs less a call, and no second thread beside it.
    jax.config.update("jax_cpu_enable_async_dispatch", False)


class CompilationCache:
    """Counts what the cache did since it was set up; `folder` is None for none."""

    def __init__(self, folder: str | None) -> None:
        self.folder = folder
        self._counts = {_HIT: 0, _MISS: 0}
        jax.config.update("jax_enable_compilation_cache", folder is not None)
        if folder is not None:
            jax.config.update("jax_compilation_cache_dir", folder)
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
            jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
            jax.monitoring.register_event_listener(self._count)

    def _count(self, event: str, **_: str | int) -> None:
        if event in self._counts:
            self._counts[event] += 1

    def all_hits(self) -> bool:
        """Whether nothing had to be compiled."""
        return self._counts[_HIT] > 0 and self._counts[_MISS] == 0

    def state(self) -> str:
        """One line for the record."""
        return "off" if self.folder is None else f"{self._counts[_HIT]} hits, {self._counts[_MISS]} misses"

    def tell(self, answer: Answer) -> None:
        """Put into `answer` whether the cache helped."""
        answer.compilation_cache = self.state()
        if self.all_hits():
            answer.flags.append(COMPILE_CACHED.name)


def compile_program(
    function: Callable[..., Any], *arguments: Any, donate: tuple[int, ...] = (), keep_unused: bool = False
) -> jax.stages.Compiled:
    """The program of `function` for arguments of these shapes, and nothing else of what making it took.

    `keep_unused`: it is handed arguments too that it does not use.

    A call of it costs what one of a jitted function does (41 µs with 16 arrays), while the traces that jit would keep
    take 6 MB each.
    """
    compiled = jax.jit(function, donate_argnums=donate, keep_unused=keep_unused).lower(*arguments).compile()
    jax.clear_caches()
    return compiled


def versions() -> dict[str, str]:
    """What computes, as it says of itself."""
    return {
        "jax": jax.__version__,
        "jaxlib": jaxlib.version.__version__,
        "numpy": np.__version__,
    }
