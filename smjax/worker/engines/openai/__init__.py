"""A server as an engine: it is asked over HTTP, and timed as whoever uses it sees it."""

from __future__ import annotations

from pathlib import Path

from smjax.core.models.source import Model
from smjax.core.records.request import Request
from smjax.worker.engines.openai.engine import OpenAIEngine


def make(request: Request, model: Model) -> OpenAIEngine:
    """The engine for what is asked; nothing is sent before it is loaded."""
    path = request.resolved.scenario.model_path or request.model_file
    assert path is not None, "a preset comes with its file"
    return OpenAIEngine(request, model, Path(path))
