from __future__ import annotations

import dataclasses
import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import smjax.micro
import smjax.run
from smjax.core.engines import packages
from smjax.core.machine.host import environment
from smjax.sweep.process.launcher import Launcher
from smjax.sweep.process.local import LocalLauncher
from smjax.sweep.run.outside import Examine, Outside
from tests.sweep.processes import FAKE


@functools.cache
def environment_once() -> dict[str, Any]:
    return environment(packages())


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


class Handed:
    """What the main job of a test is handed; tests put other things into it."""

    def __init__(self) -> None:
        self.launcher: Launcher = LocalLauncher()
        self.environment = environment_once
        self.hello = smjax.run.real_outside().hello
        self.say = smjax.run.real_outside().say
        self.examine: Examine = lambda seconds: []

    def outside(self) -> Outside:
        return dataclasses.replace(smjax.run.real_outside(), **vars(self))


@pytest.fixture
def handed() -> Handed:
    return Handed()


@pytest.fixture
def fake_worker(
    handed: Handed, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], None]:
    """Let the fake worker, behaving as named, stand for the worker; what it did not compile no other test may trust."""
    monkeypatch.setenv("SMJAX_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))

    def behave(how: str) -> None:
        handed.launcher = LocalLauncher((sys.executable, str(FAKE), how))

    return behave


@pytest.fixture
def run_job(handed: Handed, monkeypatch: pytest.MonkeyPatch, empty_dir: Path) -> Callable[..., int]:
    """The main job with these overrides, in an empty folder; returns the exit code."""
    return _runner(smjax.run.main, handed, monkeypatch)


@pytest.fixture
def run_micro(handed: Handed, monkeypatch: pytest.MonkeyPatch, empty_dir: Path) -> Callable[..., int]:
    """The same of the microbenchmarks."""
    return _runner(smjax.micro.main, handed, monkeypatch)


def _runner(main: Callable[[Outside], int], handed: Handed, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")  # and so put it back: composing sets it

    def run(*overrides: str) -> int:
        monkeypatch.setattr(sys, "argv", ["run.py", *overrides])
        try:
            return main(handed.outside())
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
