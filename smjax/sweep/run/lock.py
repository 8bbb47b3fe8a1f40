"""One sweep at a time on a host: two would measure each other."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from smjax.core.errors import RequestError

WAIT, REFUSE = "wait", "refuse"
_SIGNATURE_BYTES = 20


@contextlib.contextmanager
def only_sweep(when_busy: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the host's lock; where another sweep does, wait for its end or raise RequestError, as asked.

    The kernel gives the lock back however the holder ends. Where the lock's file cannot be locked nothing is held.
    """
    with contextlib.ExitStack() as opened:
        try:
            descriptor = _open(lock_path())
            opened.callback(os.close, descriptor)
            is_ours = _taken(descriptor)
        except OSError as error:
            found = error.strerror or error
            say(f"{lock_path()}: expected a file to lock, found: {found}; another sweep here would not be noticed")
            yield
            return
        if not is_ours:
            _refuse_or_tell(when_busy, _signed(descriptor) or "unknown", say)
            signal.siginterrupt(signal.SIGINT, True)  # with polars' handler Ctrl-C would wait for the lock too
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        _sign(descriptor)
        yield


def lock_path() -> Path:
    """Where all users of the host look."""
    return Path(os.environ.get("SMJAX_LOCK") or Path(tempfile.gettempdir()) / "smjax.lock")


def _open(path: Path) -> int:
    """A descriptor of a regular file for all users; another user's may be one that can only be read.

    Without O_CREAT first, as kernels refuse that for another user's file in a shared folder. A pipe is not waited for.
    """
    flags = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    for access in (os.O_RDWR, os.O_RDONLY):
        with contextlib.suppress(FileNotFoundError, PermissionError):
            return _regular(os.open(path, access | flags))
    descriptor = _regular(os.open(path, os.O_RDWR | os.O_CREAT | flags, 0o666))
    with contextlib.suppress(OSError):
        os.fchmod(descriptor, 0o666)
    return descriptor


def _regular(descriptor: int) -> int:
    """The descriptor; closes it and raises OSError if it is of something that has no content to keep."""
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
    raise OSError(number, os.strerror(number) if number == errno.EISDIR else "a pipe or a device")


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _signed(descriptor: int) -> str | None:
    """The pid of whoever signed last, "" for nobody yet; None for a file that is kept for something else."""
    with contextlib.suppress(OSError):
        content = os.pread(descriptor, _SIGNATURE_BYTES + 1, 0)
        if len(content) <= _SIGNATURE_BYTES and (not content.strip() or content.strip().isdigit()):
            return content.decode().strip()
    return None


def _sign(descriptor: int) -> None:
    """Name the holder; on a full disk it is `unknown`, and holds the lock all the same."""
    if _signed(descriptor) is None:
        return
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def _refuse_or_tell(when_busy: str, holder: str, say: Callable[[str], None]) -> None:
    if when_busy == REFUSE:
        raise RequestError(
            f"lock: expected to be the only sweep on this host, found one with pid {holder}; "
            "wait for its end or leave lock=wait"
        )
    say(f"another sweep (pid {holder}) measures on this host: waiting for its end; lock=refuse would not wait")
