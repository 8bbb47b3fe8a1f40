"""An engine that asks a fake server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from smjax.core.engines import ENGINES
from smjax.core.models.source import open_model
from smjax.core.records.request import Request
from smjax.core.records.resolved import Resolved
from smjax.worker.engines.openai import make
from smjax.worker.engines.openai.engine import OpenAIEngine
from tests.worker.engines.openai.fake_server import Behaviour, serving
from tests.worker.models import scenario

FILE = Path(__file__).parents[3] / "data" / "shakespeare-q4_0.gguf"
N_PROMPT, N_GEN = 24, 8
Asking = Callable[..., OpenAIEngine]


def engine_at(url: str, n_prompt: int = N_PROMPT, n_gen: int = N_GEN, **arguments: str) -> OpenAIEngine:
    """An engine for the server at `url` that has asked nothing yet."""
    spelt = {**ENGINES["openai"].defaults, "url": url, "stall_s": "5", **arguments}
    fields: dict[str, Any] = {"n_prompt": n_prompt, "n_gen": n_gen, "ctx": n_prompt + n_gen, "engine_args": spelt}
    asked = scenario(engine="openai", model="gguf", model_path=str(FILE), **fields)
    request = Request("measure", Resolved(asked, "server", "auto", (), ""))
    return make(request, open_model("gguf", str(FILE), 42))


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asking]:
    """An engine that has found a server which behaves so."""
    monkeypatch.delenv("SMJAX_OPENAI_KEY", raising=False)
    with ExitStack() as servers:

        def start(behaviour: Behaviour, **how: Any) -> OpenAIEngine:
            engine = engine_at(servers.enter_context(serving(behaviour)), **how)
            engine.load()
            engine.compile()
            return engine

        yield start
