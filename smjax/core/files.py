"""How smjax reads a file that somebody named, and how it writes one: whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from smjax.core.errors import RequestError
from smjax.core.text import printable

_PATH_CHARACTERS = 500
_CHUNK_BYTES = 1 << 16
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
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
    errno.EEXIST: "something that is no folder in the place of one",
    errno.EACCES: "permission denied",
    errno.ELOOP: "a loop of links",
    errno.ENAMETOOLONG: "a name that is too long",
}


class _MustStay(OSError):
    """There is something at a path that no file of ours takes the place of."""


def read_regular(path: Path, limit_bytes: int, expected: str = "a readable file") -> bytes:
    """The content of a regular file of at most `limit_bytes`, read once.

    Raises RequestError, saying what was `expected`, for anything else. A pipe is not waited for, and of a device or of
    a file that is too large nothing is read.
    """
    with os.fdopen(open_regular(path, expected), "rb") as file:
        try:
            size = os.fstat(file.fileno()).st_size
            content = b"" if size > limit_bytes else _read(file, size, limit_bytes)
        except OSError as error:
            raise _unreadable(path, expected, _reason(error), "check the path") from error
    if max(size, len(content)) > limit_bytes:
        found = f"{max(size, len(content)):,} bytes, which is more than {limit_bytes:,}"
        raise _unreadable(path, expected, found, "name another file")
    return content


def _read(file: BinaryIO, size: int, limit_bytes: int) -> bytes:
    """Up to a little more than `limit_bytes`; of memory no more than is there to be read, as `size` mostly says."""
    parts, total = [file.read(size + 1)], 0
    while parts[-1] and (total := total + len(parts[-1])) <= limit_bytes:
        parts.append(file.read(_CHUNK_BYTES))
    return b"".join(parts)


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
        raise _unreadable(path, expected, _kind(status.st_mode), "name the file itself")


def _kind(mode: int) -> str:
    return _KINDS.get(stat.S_IFMT(mode), "something else")


def _unreadable(path: Path, expected: str, found: str, fix: str) -> RequestError:
    return RequestError(f"{printable(str(path), _PATH_CHARACTERS)}: expected {expected}, found {found}; {fix}")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, _MustStay) or not isinstance(error, OSError):
        return str(error.args[-1])
    return _REASONS.get(error.errno or 0) or printable(error.strerror or str(error))


def write_whole(path: Path, text: str) -> Path:
    """Write `text` as UTF-8 to `path`, so that a reader finds the old file, the new one or none, but never a part.

    The folder is made where it is missing. Raises RequestError, leaving nothing behind, when the disk is full, the
    folder is not writable, or there is something at `path` that must stay; see `replacing`.
    """
    return write_lines(path, [text], f"{len(text)} characters")


def write_lines(path: Path, lines: Sequence[str], what: str) -> Path:
    """Write texts one after another as `write_whole` does one; `what` says in an error what was to be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise _unwritable(path, what, error) from error
    with replacing(path, what) as beside, beside.open("wb") as file:
        file.writelines(line.encode("utf-8", "backslashreplace") for line in lines)
    return path


def check_writable(path: Path, what: str) -> None:
    """Raise the RequestError that writing `what` to `path` would end with, as far as that can be known before.

    The folder is made where it is missing.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _new_file(_target(path).parent).unlink()
    except (OSError, ValueError) as error:
        raise _unwritable(path, what, error) from error


@contextlib.contextmanager
def replacing(path: Path, what: str) -> Iterator[Path]:
    """An empty file to be filled, which takes the place of `path` when the block ends, and goes if that fails.

    A link stays and what it leads to is replaced; a file that is replaced leaves its mode to the new one. Raises
    RequestError, saying that `what` was to be written, for anything but a file that may be written, and where the
    block or the replacement meets an OSError.
    """
    beside: Path | None = None
    try:
        target = _target(path)
        beside = _new_file(target.parent)
        yield beside
        _sync(beside)
        _take_after(beside, target)
        beside.replace(target)
        beside = None
        with contextlib.suppress(OSError):  # a power cut may undo the renaming: the old file is whole as well
            _sync(target.parent)
    except OSError as error:
        raise _unwritable(path, what, error) from error
    finally:
        if beside is not None:
            with contextlib.suppress(OSError):
                beside.unlink()


@contextlib.contextmanager
def passing_folder(parent: Path) -> Iterator[Path]:
    """An empty folder of a hidden name in `parent`, which is made where it is missing; it goes unless it was moved."""
    folder = parent / f".smjax-{secrets.token_hex(8)}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _target(path: Path) -> Path:
    """Where links lead to, which is a regular file that may be written or not there at all; OSError for another."""
    if path.name in ("", ".."):
        raise _MustStay(errno.EISDIR, "a directory")
    if "\0" in str(path):
        raise _MustStay(errno.EINVAL, "a name with a null byte")
    with contextlib.suppress(FileNotFoundError):
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise _MustStay(errno.EEXIST, _kind(mode))
        if not mode & _WRITABLE:  # root may, and is asked not to
            raise _MustStay(errno.EACCES, "a file that is read-only")
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))  # renaming would not ask for this right
    while path.is_symlink():  # that it is no loop was seen above
        path = path.parent / path.readlink()
    return path


def _new_file(folder: Path) -> Path:
    """Of a hidden name, of a length that any file system takes, that nobody else can have chosen."""
    path = folder / f".smjax-{secrets.token_hex(8)}.tmp"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    return path


def _take_after(new: Path, old: Path) -> None:
    """Give the new file the old one's owner, where that is permitted, and mode."""
    with contextlib.suppress(FileNotFoundError):
        status = old.stat()
        with contextlib.suppress(OSError):
            os.chown(new, status.st_uid, status.st_gid)
        new.chmod(stat.S_IMODE(status.st_mode))


def _sync(path: Path) -> None:
    """Make a file's content, or a folder's names, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, what: str, error: OSError | ValueError) -> RequestError:
    where = printable(str(path), _PATH_CHARACTERS)
    is_missing = isinstance(error, FileNotFoundError | NotADirectoryError)
    found = "no such folder" if is_missing else _reason(error)
    other = "free space there or choose another folder you may write to"
    fix = "name another file" if isinstance(error, _MustStay) else other
    return RequestError(f"{where}: expected to write {what}, found: {found}; {fix}")
