"""What a command prints, on any stdout and stderr: closed, full, a pipe whose reader has gone, of any encoding."""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, TextIO, cast

from smjax.core.exit_codes import ExitCode
from smjax.core.text import printable

_PLAIN = "smjax.plain"
"""Name of the error handler below."""
_INSTEAD = {
    "\N{PLUS-MINUS SIGN}": "+/-",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{MICRO SIGN}": "u",
    "\N{GREEK SMALL LETTER MU}": "u",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MINUS SIGN}": "-",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{MIDDLE DOT}": "-",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{NO-BREAK SPACE}": " ",
    "\N{BOX DRAWINGS LIGHT HORIZONTAL}": "-",
    "\N{BOX DRAWINGS HEAVY HORIZONTAL}": "-",
    "\N{FULL BLOCK}": "#",
}
"""What smjax writes itself, for encodings that have no such character."""


def printing(command: Callable[[], int]) -> int:
    """Run a command whose output can be lost without an exception, and return its exit code.

    That is FAILED where it would be OK but something of stdout was lost, which stderr then says; a reader that has
    closed its pipe wanted no more. What stderr loses changes nothing.
    """
    _occupy_descriptors()
    with _replaced("stdout", sys.stdout) as out, _replaced("stderr", sys.stderr):
        code = _exit_code(command)
        sys.stdout.flush()
        if out.error is None or out.error.errno == errno.EPIPE:
            return code
        complain(f"stdout: expected to print, found: {out.error.strerror}; what was to be said is incomplete")
        return max(code, ExitCode.FAILED)


def complain(text: str) -> None:
    """One line on stderr, whatever is in `text`."""
    print(f"smjax: {printable(text, None)}", file=sys.stderr, flush=True)


def _exit_code(command: Callable[[], int]) -> int:
    try:
        return command()
    except SystemExit as stop:  # as argparse and Hydra leave
        if isinstance(stop.code, str):
            complain(stop.code)
            return ExitCode.FAILED
        return stop.code or ExitCode.OK
    except BaseException as error:
        if not _is_shortage(error):
            raise
        found = str(error) or "no memory"
        complain(f"expected memory and threads enough, found: {found}; raise ulimit -v or the limit of pids")
        return ExitCode.FAILED


def _is_shortage(error: BaseException) -> bool:
    """Of memory or threads, which shows anywhere; polars tells of it with an exception of Rust's own."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "PanicException"
        or (isinstance(error, OSError) and error.errno in (errno.ENOMEM, errno.EAGAIN))
        or (isinstance(error, RuntimeError) and "start new thread" in str(error))
    )


class _Lossy(io.BufferedIOBase):
    """Writes to `inner`, until that fails: from then on nothing is written, and `error` says why.

    It has no buffer: one would write again what an interrupt kept it from forgetting.
    """

    def __init__(self, inner: BinaryIO | None) -> None:
        self._inner = inner
        self.error: OSError | None = None
        with contextlib.suppress(OSError, AttributeError):
            os.set_blocking(self.fileno(), True)  # whoever shares it may have wished otherwise

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._inner is not None and self._inner.isatty()

    def fileno(self) -> int:
        return super().fileno() if self._inner is None else self._inner.fileno()

    def write(self, data: Any, /) -> int:
        rest = memoryview(data)
        try:
            if self._inner is None:
                raise OSError(errno.EBADF, "it is closed")
            while rest and self.error is None:
                written = self._inner.write(rest)
                if not written:
                    raise OSError(errno.EAGAIN, "it takes no more")
                rest = rest[written:]
        except OSError as error:
            self.error = error
        return len(data)


def _occupy_descriptors() -> None:
    """A file must not be opened under the number of a closed stdout, where whatever prints would write into it."""
    with contextlib.suppress(OSError):
        while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(descriptor)


@contextlib.contextmanager
def _replaced(name: str, stream: TextIO | None) -> Iterator[_Lossy]:
    """Let a lossy stream of the same encoding stand for `sys.stdout` or `sys.stderr`."""
    if stream is not None:
        with contextlib.suppress(OSError):
            stream.flush()
    buffer = getattr(stream, "buffer", None)
    lossy = _Lossy(getattr(buffer, "raw", buffer))  # a buffer keeps what it could not write, and tries again at the end
    encoding = getattr(stream, "encoding", None) or "utf-8"
    text = io.TextIOWrapper(cast(BinaryIO, lossy), encoding, errors=_PLAIN, line_buffering=True)
    setattr(sys, name, text)
    try:
        yield lossy
    finally:
        text.flush()
        setattr(sys, name, stream)


def _plain(error: UnicodeError) -> tuple[str, int]:
    """What stands for characters that an encoding does not have: in its place something like it, else its escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    return "".join(_INSTEAD.get(c) or c.encode("ascii", "backslashreplace").decode() for c in found), error.end


codecs.register_error(_PLAIN, _plain)
