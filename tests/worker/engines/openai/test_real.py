"""llama-cpp-python's own server, which takes texts alone and counts in answers of one piece; skipped without it."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from smjax.core.records.answer import Answer
from smjax.core.records.flags import TEXT_PROMPTS
from smjax.worker.engines.openai.client import ServerError
from smjax.worker.timing import time_answers
from tests.worker.engines.openai.conftest import FILE, N_GEN, N_PROMPT, engine_at

PROMPT = np.arange(N_PROMPT, dtype=np.int32)
_NEEDED = ("llama_cpp", "fastapi", "uvicorn", "sse_starlette", "starlette_context", "pydantic_settings")
_MISSING = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
_START_S = 60.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(_MISSING), reason=f"llama-cpp-python[server] lacks {', '.join(_MISSING)}"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a server with smjax's test file."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"model": FILE, "host": "127.0.0.1", "port": port, "n_ctx": 512, "n_threads": 1, "n_threads_batch": 1}
    arguments = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("w") as output:
        command = [sys.executable, "-m", "llama_cpp.server", *arguments]
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=log.parent)
        try:
            _await(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the server did not start: {log.read_text()[-500:]}")


def test_its_answers_are_measured(url: str) -> None:
    engine = engine_at(url)
    engine.load()
    engine.compile()
    samples = time_answers(engine, PROMPT, N_GEN, 3, each_token=True, between=lambda: None)
    assert all(sample.ttft_ns > 0 and sample.decode_ns > 0 for sample in samples)
    answer = Answer()
    engine.describe(answer)
    assert TEXT_PROMPTS.name in answer.flags
    assert answer.variants["prompts"] == "text"
    assert "llama.cpp Python API" in answer.versions["server API"]


def test_an_answer_to_ids_is_not_to_be_had(url: str) -> None:
    engine = engine_at(url)
    engine.load()
    with pytest.raises(ServerError, match="expected a server that takes token ids"):
        engine.evaluate(PROMPT, 4)
