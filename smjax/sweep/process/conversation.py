"""The supervisor's end of the process border: one line out, lines of JSON in, asleep in between."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

from smjax.core.records.answer import Answer
from smjax.core.records.request import VERSION
from smjax.core.records.typed import WrongValueError, decode
from smjax.core.text import printable

START = "start"
"""The phase before the first that a worker tells."""
_CHUNK_BYTES = 1 << 16
_LONGEST_SLEEP_S = 5.0
"""After which it is seen how much the worker has said on its stderr; it costs the worker nothing."""
_GRACE_S = 10.0
"""How long a worker that has sent its result may take to end; measured: 0.2 s."""
_STRAY_BYTES_MAX, _SHOWN_BYTES = 1 << 20, 1 << 10
_LINE_BYTES_MAX = 1 << 28
"""Of one message: many times the longest answer."""


class Conversation:
    """One worker's request and answers, until it closes its output or its time is up."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        request: str,
        deadline_ns: float,
        on_phase: Callable[[str], None],
        on_wake: Callable[[], None] = lambda: None,
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.answer: Answer | None = None
        self.misunderstood = ""
        """Why what it answered is not understood, in one line."""
        self.phase = START
        self.timed_out = False
        self.has_hung_up = False
        """Whether it closed its output and went on."""
        self.stray = ""
        """The last line that the worker printed and that is no message."""
        self._process = process
        self._stdin, self._stdout = process.stdin.fileno(), process.stdout.fileno()
        self._to_send = memoryview(request.encode() + b"\n")
        self._received = bytearray()
        self._stray_bytes = 0
        self._deadline_ns = deadline_ns
        self._on_phase, self._on_wake = on_phase, on_wake

    def run(self) -> None:
        """Return when the worker has ended or must be stopped."""
        with selectors.DefaultSelector() as selector, _end_of(self._process) as end:
            for descriptor, events in ((self._stdin, selectors.EVENT_WRITE), (self._stdout, selectors.EVENT_READ)):
                os.set_blocking(descriptor, False)
                selector.register(descriptor, events)
            if end is not None:
                selector.register(end, selectors.EVENT_READ)
            while (remaining_s := (self._deadline_ns - time.monotonic_ns()) / 1e9) > 0 and not self.misunderstood:
                for key, _ in selector.select(min(remaining_s, _LONGEST_SLEEP_S)):
                    if key.fd == self._stdin and self._send():
                        selector.unregister(self._stdin)
                    if key.fd == self._stdout and not self._receive():
                        self._await_end(remaining_s)
                        return
                if self._process.poll() is not None:  # and somebody whom it has started keeps its output open
                    self._receive_rest()
                    return
                self._on_wake()
        self.timed_out = not self.misunderstood

    def _send(self) -> bool:
        """Write what the pipe takes; True if that was all. The pipe stays open: its end would stop the worker."""
        try:
            self._to_send = self._to_send[os.write(self._stdin, self._to_send) :]
        except BrokenPipeError:  # the worker has ended, or reads no more: its output tells
            return True
        return not self._to_send

    def _receive(self) -> bool:
        """Take what the worker sent; False at the end of its output."""
        chunk = os.read(self._stdout, _CHUNK_BYTES)
        self._received += chunk
        if b"\n" in chunk or not chunk:
            *lines, rest = self._received.split(b"\n")
            self._received = bytearray() if not chunk else rest
            for line in lines if chunk else [*lines, rest]:
                self._take(bytes(line))
        if max(self._stray_bytes, len(self._received) - _LINE_BYTES_MAX) > _STRAY_BYTES_MAX:
            self.misunderstood = "expected an answer from the worker, found megabytes of something else"
        return bool(chunk)

    def _receive_rest(self) -> None:
        """Take what is there of a worker that has ended."""
        with contextlib.suppress(BlockingIOError):
            while not self.misunderstood and self._receive():
                pass

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            message = None
        kind = message.get("event") if isinstance(message, dict) else None
        if kind == "phase":
            self.phase = printable(str(message.get("phase")))
            self._on_phase(self.phase)
        elif kind == "answer":
            if self.answer is None:
                self._understand(message)
            self._deadline_ns = min(self._deadline_ns, time.monotonic_ns() + _GRACE_S * 1e9)
        elif line.strip():
            self._stray_bytes += len(line)
            self.stray = line[:_SHOWN_BYTES].decode(errors="replace").strip()

    def _understand(self, message: dict[str, Any]) -> None:
        if message.get("version") != VERSION:
            found = f"found {str(message.get('version'))[:20]}{_whose(message)}; install one smjax for both sides"
            self.misunderstood = f"expected an answer of version {VERSION}, {found}"
            return
        try:
            self.answer = decode(Answer, message.get("answer"), "answer")
        except WrongValueError as error:
            self.misunderstood = str(error)

    def _await_end(self, remaining_s: float) -> None:
        """The output is closed: what is left is the process's end, usually a moment away."""
        try:
            self._process.wait(min(remaining_s, _GRACE_S))
        except subprocess.TimeoutExpired:
            self.timed_out = remaining_s <= _GRACE_S
            self.has_hung_up = not self.timed_out


def _whose(message: dict[str, Any]) -> str:
    """Which smjax it is that speaks another version, if it was asked and says so."""
    answer = message.get("answer")
    hello = answer.get("hello") if isinstance(answer, dict) else None
    found = hello.get("smjax") if isinstance(hello, dict) else None
    return f" of smjax {printable(found, 20)}" if isinstance(found, str) else ""


@contextlib.contextmanager
def _end_of(process: subprocess.Popen[bytes]) -> Iterator[int | None]:
    """A descriptor that can be read when the process has ended; None where the system has none."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the worker and whatever it has started and left behind, which would compute beside the next one.

    Nobody else has the number of one that has just ended: they are given in turn.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
