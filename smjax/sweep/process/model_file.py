"""Notices a model file that is replaced or written to during a sweep: its figures would stand under another's hash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from smjax.core.text import printable
from smjax.sweep.process.launcher import Outcome

FileState = tuple[int, int, int] | None
"""Inode, size and time of the last change, which cost nothing to look at; None where there is no file."""


def file_state(path: str | None) -> FileState:
    """What changes when another file takes the place of the one at `path` or when it is written to."""
    try:
        status = None if path is None else Path(path).stat()
    except (OSError, ValueError):
        return None
    return None if status is None else (status.st_ino, status.st_size, status.st_mtime_ns)


def unless_changed(outcome: Outcome, path: str | None, before: FileState) -> Outcome:
    """The outcome of a worker that read the file at `path`, a failure if that file is not what it was `before`."""
    if outcome.status != "ok" or file_state(path) == before:
        return outcome
    reason = "expected the file that was checked, found it changed or replaced since; run again"
    return replace(outcome, status="failed", reason=f"{printable(str(path), 500)}: {reason}")
