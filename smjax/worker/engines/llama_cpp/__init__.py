"""llama.cpp as an engine: its library runs the model, asked through llama-cpp-python's low-level functions."""

from __future__ import annotations

from pathlib import Path

from smjax.core.gguf.split import shard_paths
from smjax.core.models.source import Model
from smjax.core.records.request import Request
from smjax.worker.engines.llama_cpp.engine import LlamaCppEngine


def make(request: Request, model: Model) -> LlamaCppEngine:
    """The engine for what is asked; the process is pinned before the library makes threads."""
    path = request.resolved.scenario.model_path or request.model_file
    assert path is not None, "a preset comes with its file"
    return LlamaCppEngine(request, model, shard_paths(Path(path))[0])
