"""What a test must not leave behind: a process, a file in the checkout, another working directory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[1]
MADE_BY_TOOLS = {".git", ".venv", "build", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", "node_modules"}
GRACE_S = 5.0
"""How long a process that is dying may take: one that was killed, or whose parent was."""
_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Let processes whose parent has ended become children of this one, where they are seen."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1)


def running() -> list[psutil.Process]:
    """Every process below this one that has not ended; those that have are buried."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return psutil.Process().children(recursive=True)
    return []  # not one child: most tests, and one call of the system


def files(root: Path = ROOT) -> set[str]:
    """Of a checkout, without those of the tools."""
    found = set()
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in MADE_BY_TOOLS]
        found.update(os.path.join(folder, name) for name in names)  # noqa: PTH118  # 10 times as fast
    return found


@contextlib.contextmanager
def nothing_left() -> Iterator[None]:
    """Fail, and put it right, if there are more processes than before, or the working directory is another one."""
    processes, directory = set(running()), Path.cwd()
    yield
    if told := [*_ended(processes), *_moved_back(directory)]:
        pytest.fail("left behind: " + "; ".join(told), pytrace=False)


@contextlib.contextmanager
def no_file_left(root: Path = ROOT) -> Iterator[None]:
    """Fail if there are files in the checkout that were not there before."""
    before = files(root)
    yield
    if left := files(root) - before:
        pytest.fail(f"left in the checkout: {', '.join(sorted(left))}", pytrace=False)


def _ended(before: set[psutil.Process]) -> list[str]:
    """End the processes that were not there before, and name them."""
    end = time.monotonic() + GRACE_S
    while (left := set(running()) - before) and time.monotonic() < end:
        time.sleep(0.02)
    told = []
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            told.append(f"process {process.pid}, now killed: {' '.join(process.cmdline())[:200]}")
            process.kill()
    psutil.wait_procs(left, GRACE_S)
    return sorted(told)


def _moved_back(directory: Path) -> list[str]:
    """Change back to the directory, and name the one that it was changed to."""
    try:
        now = Path.cwd()
    except FileNotFoundError:
        now = Path("(removed)")
    os.chdir(directory)
    return [] if now == directory else [f"working directory {now}"]
