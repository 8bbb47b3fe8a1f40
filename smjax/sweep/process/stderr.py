"""What a worker writes on its stderr: a file whose last line says why it ended, and that does not fill a disk."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from typing import IO

_BYTES_MAX = 1 << 26
_TAIL_BYTES = 1 << 14
_AFTERWARDS = re.compile(r"\s*@ +0x|\*\*\* |usage: |Try [`']")
"""What XLA, and programs that do not know an option, print below the line that says why they gave up."""


def open_stderr() -> IO[bytes]:
    """A file without a name; whoever inherits it writes at its end, wherever that is by then."""
    stderr = tempfile.TemporaryFile()  # noqa: SIM115 - whoever opens it closes it
    fcntl.fcntl(stderr, fcntl.F_SETFL, fcntl.fcntl(stderr, fcntl.F_GETFL) | os.O_APPEND)
    return stderr


def trim(stderr: IO[bytes]) -> None:
    """Leave only the end of more than is worth keeping, while it is written to."""
    if os.fstat(stderr.fileno()).st_size > _BYTES_MAX:
        tail = _tail(stderr)
        os.ftruncate(stderr.fileno(), 0)
        os.write(stderr.fileno(), tail)


def last_line(stderr: IO[bytes]) -> str:
    """The last line that says why it ended, without reading all of it; each that was drawn over is one."""
    lines = re.split(r"[\r\n]", _tail(stderr).decode(errors="replace"))
    return next((line.strip() for line in reversed(lines) if line.strip() and not _AFTERWARDS.match(line)), "")


def _tail(stderr: IO[bytes]) -> bytes:
    size_bytes = os.fstat(stderr.fileno()).st_size
    return os.pread(stderr.fileno(), _TAIL_BYTES, max(0, size_bytes - _TAIL_BYTES))
