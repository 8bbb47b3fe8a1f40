"""What Ctrl-C and SIGTERM do to a command: end it at once while nothing is under way, later raise."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from smjax.core.exit_codes import ExitCode


class Terminated(KeyboardInterrupt):
    """SIGTERM, as CI sends it: whatever cleans up after Ctrl-C cleans up after it too."""


_WORDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
_CODES = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


def exit_code(stop: KeyboardInterrupt) -> ExitCode:
    """Of a command that this has ended."""
    return _CODES[_number(stop)]


def word(stop: KeyboardInterrupt) -> str:
    """What has happened to it, for people."""
    return _WORDS[_number(stop)]


@contextlib.contextmanager
def ended_at_once() -> Iterator[None]:
    """A signal ends the process with one line and nothing else.

    An exception would end up in whatever module is being imported, and some are swallowed there or print a traceback.
    """
    with _handled(_end):
        yield


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """A signal raises KeyboardInterrupt or Terminated: there is something to keep or to take away."""
    with _handled(_raise):
        yield


@contextlib.contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Signals that whoever started the process lets it ignore (`nohup`, `&` in a script) stay ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _WORDS}
    try:
        for number in (number for number in _WORDS if before[number] is not signal.SIG_IGN):
            signal.signal(number, handler)
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier if earlier is not None else signal.SIG_DFL)


def _end(number: int, _: FrameType | None) -> None:
    with contextlib.suppress(OSError):  # nobody may be there to read it
        os.write(2, f"smjax: {_WORDS[signal.Signals(number)]}\n".encode())
    os._exit(_CODES[signal.Signals(number)])


def _raise(number: int, _: FrameType | None) -> None:
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


def _number(stop: KeyboardInterrupt) -> signal.Signals:
    return signal.SIGTERM if isinstance(stop, Terminated) else signal.SIGINT
