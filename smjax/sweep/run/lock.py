"""One sweep at a time on a host: two would measure each other."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from smjax.core.errors import RequestError

WAIT, REFUSE = "wait", "refuse"


@contextlib.contextmanager
def only_sweep(when_busy: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the host's lock; where another sweep does, wait for its end or raise RequestError, as asked.

    The kernel gives the lock back however the holder ends. Where the lock's file cannot be locked nothing is held.
    """
    with contextlib.ExitStack() as opened:
        try:
            file = opened.enter_context(_open(lock_path()))
            is_ours = _taken(file)
        except OSError as error:
            found = error.strerror or error
            say(f"{lock_path()}: expected a file to lock, found: {found}; another sweep here would not be noticed")
            yield
            return
        if not is_ours:
            _refuse_or_tell(when_busy, file.read().strip() or "unknown", say)
            signal.siginterrupt(signal.SIGINT, True)  # with polars' handler Ctrl-C would wait for the lock too
            fcntl.flock(file, fcntl.LOCK_EX)
        _sign(file)
        yield


def lock_path() -> Path:
    """Where all users of the host look."""
    return Path(os.environ.get("SMJAX_LOCK") or Path(tempfile.gettempdir()) / "smjax.lock")


def _open(path: Path) -> IO[str]:
    """For all users: without O_CREAT first, as kernels refuse that for another user's file in a shared folder."""
    with contextlib.suppress(FileNotFoundError):
        return path.open("r+")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    with contextlib.suppress(OSError):
        os.fchmod(descriptor, 0o666)
    return os.fdopen(descriptor, "r+")


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(file: IO[str]) -> None:
    """Name the holder; on a full disk it is `unknown`, and holds the lock all the same."""
    with contextlib.suppress(OSError):
        os.ftruncate(file.fileno(), 0)
        os.pwrite(file.fileno(), f"{os.getpid()}\n".encode(), 0)


def _refuse_or_tell(when_busy: str, holder: str, say: Callable[[str], None]) -> None:
    if when_busy == REFUSE:
        raise RequestError(
            f"lock: expected to be the only sweep on this host, found one with pid {holder}; "
            "wait for its end or leave lock=wait"
        )
    say(f"another sweep (pid {holder}) measures on this host: waiting for its end; lock=refuse would not wait")
