from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import smjax.run
from smjax.core.host import environment
from smjax.sweep import launcher, prepare

environment_once = functools.cache(environment)
FAKE = Path(__file__).with_name("fake_worker.py")


@pytest.fixture
def empty_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with nothing in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fake_worker(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], None]:
    """Let the fake worker, behaving as named, stand for the worker; what it did not compile no other test may trust."""
    monkeypatch.setenv("SMJAX_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))

    def behave(how: str) -> None:
        monkeypatch.setattr(launcher, "WORKER", (sys.executable, str(FAKE), how))

    return behave


@pytest.fixture
def run_job(monkeypatch: pytest.MonkeyPatch, empty_dir: Path) -> Callable[..., int]:
    """The main job with these overrides, in an empty folder; returns the exit code."""
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # and so put it back: composing sets it
    monkeypatch.setattr(prepare, "environment", environment_once)

    def run(*overrides: str) -> int:
        monkeypatch.setattr(sys, "argv", ["run.py", *overrides])
        try:
            return smjax.run.main()
        except SystemExit as stop:
            return int(stop.code or 0)

    return run
