"""OpenVINO as an engine: openvino-genai reads the file, runs the model and hands its ids over."""

from __future__ import annotations

from pathlib import Path

from smjax.core.gguf.split import shard_paths
from smjax.core.models.source import Model
from smjax.core.records.request import Request
from smjax.worker.engines.openvino.engine import OpenVinoEngine


def make(request: Request, model: Model) -> OpenVinoEngine:
    """The engine for what is asked; the process is pinned before the libraries make threads."""
    path = request.resolved.scenario.model_path or request.model_file
    assert path is not None, "a preset comes with its file"
    return OpenVinoEngine(request, model, shard_paths(Path(path))[0])
