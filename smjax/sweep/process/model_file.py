"""Notices a model file that is replaced or written to during a sweep: its figures would stand under another's hash."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.gguf.split import shard_paths
from smjax.core.text import printable
from smjax.sweep.process.launcher import Outcome

FileState = tuple[tuple[int, int, int], ...] | None
"""Inode, size and time of the last change of each file, which cost nothing to look at; None where one is missing."""


def file_state(path: str | None) -> FileState:
    """What changes when another file takes the place of one of the model at `path` or when it is written to."""
    if path is None:
        return None
    try:
        states = [file.stat() for file in shard_paths(Path(path))]
    except (OSError, ValueError, RequestError):
        return None
    return tuple((state.st_ino, state.st_size, state.st_mtime_ns) for state in states)


def unless_changed(outcome: Outcome, path: str | None, before: FileState) -> Outcome:
    """The outcome of a worker that read the file at `path`, a failure if that file is not what it was `before`."""
    if outcome.status != "ok" or file_state(path) == before:
        return outcome
    reason = "expected the file that was checked, found it changed or replaced since; run again"
    return replace(outcome, status="failed", reason=f"{printable(str(path), 500)}: {reason}")
