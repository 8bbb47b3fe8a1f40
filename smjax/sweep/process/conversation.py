"""The supervisor's end of the process border: one line out, lines of JSON in, asleep in between."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

from smjax.core.records.answer import Answer
from smjax.core.records.request import VERSION
from smjax.core.records.typed import WrongValueError, decode
from smjax.core.text import printable

_CHUNK_BYTES = 1 << 16
_LONGEST_SLEEP_S = 3600.0
_GRACE_S = 10.0
"""How long a worker that has sent its result may take to end; measured: 0.2 s."""


class Conversation:
    """One worker's request and answers, until it closes its output or its time is up."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        request: str,
        deadline_ns: float,
        on_phase: Callable[[str], None],
    ) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.answer: Answer | None = None
        self.misunderstood = ""
        """Why what it answered is not understood, in one line."""
        self.phase = "start"
        self.timed_out = False
        self.stray = ""
        """The last line that the worker printed and that is no message."""
        self._process = process
        self._stdin, self._stdout = process.stdin.fileno(), process.stdout.fileno()
        self._to_send = memoryview(request.encode() + b"\n")
        self._received = bytearray()
        self._deadline_ns = deadline_ns
        self._on_phase = on_phase

    def run(self) -> None:
        """Return when the worker has ended or must be stopped."""
        with selectors.DefaultSelector() as selector:
            for descriptor, events in ((self._stdin, selectors.EVENT_WRITE), (self._stdout, selectors.EVENT_READ)):
                os.set_blocking(descriptor, False)
                selector.register(descriptor, events)
            while (remaining_s := (self._deadline_ns - time.monotonic_ns()) / 1e9) > 0:
                for key, _ in selector.select(min(remaining_s, _LONGEST_SLEEP_S)):
                    if key.fd == self._stdin and self._send():
                        selector.unregister(self._stdin)
                    if key.fd == self._stdout and not self._receive():
                        self._await_end(remaining_s)
                        return
        self.timed_out = True

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
        return bool(chunk)

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
            self._understand(message)
            self._deadline_ns = min(self._deadline_ns, time.monotonic_ns() + _GRACE_S * 1e9)
        elif line.strip():
            self.stray = line.decode(errors="replace").strip()

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
            self.timed_out = True


def _whose(message: dict[str, Any]) -> str:
    """Which smjax it is that speaks another version, if it was asked and says so."""
    answer = message.get("answer")
    hello = answer.get("hello") if isinstance(answer, dict) else None
    found = hello.get("smjax") if isinstance(hello, dict) else None
    return f" of smjax {printable(found, 20)}" if isinstance(found, str) else ""


def signal_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the worker and whatever it has started, unless it has ended by itself."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it ended just now
            os.killpg(process.pid, signal.SIGKILL)
