"""An openvino_genai that anybody can compute, in place of the real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.worker.engines.fakes import engine_with, install


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake is what is installed, here and in workers."""
    install(Path(__file__).with_name("fake"), monkeypatch)


@pytest.fixture
def fake(installed: None) -> Iterator[SimpleNamespace]:
    """The fake, and the engine's modules as they are with it."""
    with engine_with("openvino", ["openvino", "openvino_genai"]) as found:
        yield found
