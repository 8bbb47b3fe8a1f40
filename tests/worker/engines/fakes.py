"""Fakes of what engines compute with, in place of the real ones, here and in workers."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest


def install(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in the folder `fake` is what is installed."""
    monkeypatch.syspath_prepend(str(fake))
    monkeypatch.setenv("PYTHONPATH", str(fake))


@contextmanager
def engine_with(engine: str, packages: Sequence[str]) -> Iterator[SimpleNamespace]:
    """The engine's modules as they are with the fake of `packages`, and the last of these as `api`.

    What was imported with the one must not meet the other.
    """
    room = f"smjax.worker.engines.{engine}"
    before = _forget([*packages, room])
    modules = {name: importlib.import_module(f"{room}.{name}") for name in ("build", "engine", "library")}
    api = importlib.import_module(packages[-1])
    yield SimpleNamespace(api=api, make=importlib.import_module(room).make, **modules)
    _forget([*packages, room])
    sys.modules.update(before)  # type: ignore[arg-type]


def _forget(rooms: Sequence[str]) -> dict[str, object]:
    inside = tuple(f"{room}." for room in rooms)
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name in rooms or name.startswith(inside)}
