"""An openvino_genai that anybody can compute, in place of the real one."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

FAKE = Path(__file__).with_name("fake")
_ROOMS = ("openvino", "openvino_genai", "smjax.worker.engines.openvino")


def _forget() -> dict[str, object]:
    """What was imported with one openvino_genai must not meet another."""
    found = [name for name in sys.modules if name in _ROOMS or name.startswith(tuple(f"{room}." for room in _ROOMS))]
    return {name: sys.modules.pop(name) for name in found}


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake is what is installed, here and in workers."""
    monkeypatch.syspath_prepend(str(FAKE))
    monkeypatch.setenv("PYTHONPATH", str(FAKE))


@pytest.fixture
def fake(installed: None) -> Iterator[SimpleNamespace]:
    """The fake, and the engine's modules as they are with it."""
    before = _forget()
    room = "smjax.worker.engines.openvino"
    modules = {name: importlib.import_module(f"{room}.{name}") for name in ("build", "engine", "library")}
    api = importlib.import_module("openvino_genai")
    yield SimpleNamespace(api=api, make=importlib.import_module(room).make, **modules)
    _forget()
    sys.modules.update(before)  # type: ignore[arg-type]
