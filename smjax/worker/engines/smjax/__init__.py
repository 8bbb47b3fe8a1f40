"""smjax's own engine: the decoder compiled by XLA."""

from __future__ import annotations

from dataclasses import replace

from smjax.core.models.source import Model
from smjax.core.records.request import Request
from smjax.worker.engines.smjax.compilation import CompilationCache, configure_jax
from smjax.worker.engines.smjax.engine import SmjaxEngine
from smjax.worker.kernels import Setup


def make(request: Request, model: Model) -> SmjaxEngine:
    """The engine for what is asked, in a process in which JAX has made no client yet."""
    configure_jax()
    resolved = request.resolved
    scenario = replace(resolved.scenario, kv_dtype=resolved.kv_dtype)
    return SmjaxEngine(scenario, model, Setup.of(request), CompilationCache(request.cache_dir))
