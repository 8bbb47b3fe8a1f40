"""Sweeps in processes of their own: waiting for what they do, and seeing that they and their workers have ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil

FAKE = Path(__file__).with_name("fake_worker.py")
PATIENCE_S = 60.0


def wait_until(happened: Callable[[], bool]) -> None:
    """Fail if it has not happened in a time that no machine needs."""
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def worker_pid(pid_file: Path) -> int:
    """Of the fake worker that started last."""
    wait_until(lambda: pid_file.exists() and pid_file.read_text() != "")
    return int(pid_file.read_text().split()[-1])


def fake_workers(pid_file: Path) -> list[int]:
    """Those that run and were started to leave their number in this file, whatever their task."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        arguments, is_zombie = process.info["cmdline"] or [], process.info["status"] == psutil.STATUS_ZOMBIE
        if str(pid_file) in arguments and str(FAKE) in arguments and not is_zombie:
            found.append(process.pid)
    return found


def interpreter(folder: Path, script: str, name: str = "python") -> str:
    """A program that a sweep may be told to be an interpreter."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)
