from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import smjax.run
from smjax.core.machine.host import environment
from smjax.sweep.process import local as launcher
from smjax.sweep.run import prepare
from tests.sweep.processes import FAKE

environment_once = functools.cache(environment)
DRIVER = Path(__file__).with_name("run_with_fake_worker.py")


@pytest.fixture
def empty_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with nothing in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def records(empty_dir: Path) -> Path:
    """Where the records of a run into `run` are."""
    return empty_dir / "run" / "records"


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


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the main job with the fake worker, in an empty folder: its run folder is `run`, the worker's file `pid`."""
    started: list[subprocess.Popen[str]] = []
    known = {"KNOWN_ENVIRONMENT": json.dumps(environment_once()), "SMJAX_CACHE_DIR": str(tmp_path / "cache")}

    def start(how: str, *overrides: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(DRIVER), how, str(tmp_path / "pid"), *overrides, "hydra.run.dir=run"]
        pipe = subprocess.PIPE
        started.append(
            subprocess.Popen(command, cwd=tmp_path, env={**os.environ, **known}, stdout=pipe, stderr=pipe, text=True)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mounts a file system of that many KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(kib: int) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)]
        if sys.platform != "linux" or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("cannot mount a file system here")
        return folder

    yield mount
    subprocess.run(["umount", str(folder)], capture_output=True, check=False)
