"""How smjax reads a file that somebody named, and how it writes one: whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.text import printable

_PATH_CHARACTERS = 500
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_REASONS = {
    errno.ENOENT: "no such file",
    errno.ENOTDIR: "no such file",
    errno.EACCES: "permission denied",
    errno.ELOOP: "a loop of links",
    errno.ENAMETOOLONG: "a name that is too long",
}


def read_regular(path: Path, limit_bytes: int, expected: str = "a readable file") -> bytes:
    """The content of a regular file of at most `limit_bytes`, read once.

    Raises RequestError, saying what was `expected`, for anything else. A pipe is not waited for, and of a device or of
    a file that is too large nothing is read.
    """
    with os.fdopen(open_regular(path, expected), "rb") as file:
        try:
            size = os.fstat(file.fileno()).st_size
            content = b"" if size > limit_bytes else file.read(limit_bytes + 1)
        except OSError as error:
            raise _unreadable(path, expected, _reason(error), "check the path") from error
    if max(size, len(content)) > limit_bytes:
        found = f"{max(size, len(content)):,} bytes, which is more than {limit_bytes:,}"
        raise _unreadable(path, expected, found, "name another file")
    return content


def open_regular(path: Path, expected: str = "a readable file") -> int:
    """A descriptor, for reading, of a regular file or of one that a link leads to; raises RequestError for another.

    What is judged is what was opened, so that nothing can take the place of the file in between.
    """
    try:
        _refuse_other(path, path.stat(), expected)  # to open some devices is to do something to them
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _unreadable(path, expected, _reason(error), "check the path") from error
    try:
        _refuse_other(path, os.fstat(descriptor), expected)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_other(path: Path, status: os.stat_result, expected: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        found = _KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        raise _unreadable(path, expected, found, "name the file itself")


def _unreadable(path: Path, expected: str, found: str, fix: str) -> RequestError:
    return RequestError(f"{printable(str(path), _PATH_CHARACTERS)}: expected {expected}, found {found}; {fix}")


def _reason(error: OSError | ValueError) -> str:
    known = _REASONS.get(error.errno or 0) if isinstance(error, OSError) else None
    return known or printable(getattr(error, "strerror", None) or str(error))


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
