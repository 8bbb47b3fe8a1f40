"""How smjax writes a file: whole or not at all."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from smjax.core.errors import RequestError


def write_whole(path: Path, text: str) -> Path:
    """Write `text` as UTF-8 to `path`, so that a reader finds the old file, the new one or none, but never a part.

    The folder is made where it is missing. Raises RequestError, leaving nothing behind, when the disk is full or
    the folder is not writable.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_through(beside, text.encode("utf-8", "backslashreplace"))
        beside.replace(path)
    except OSError as error:
        raise RequestError(
            f"{path}: expected to write {len(text)} characters, found: {error.strerror or error}; "
            "free space there or choose another folder you may write to"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)  # after the rename there is nothing under this name
    _sync_folder(path.parent)
    return path


def _write_through(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut; the file is whole already, so a file system that cannot is no error."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
