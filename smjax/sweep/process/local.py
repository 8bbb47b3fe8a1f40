"""Starts workers here: hands each its request, sleeps until it has ended or must be stopped, and says how it went."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import IO

from smjax.core.engines import inherited
from smjax.core.machine.topology import pick_cpus
from smjax.core.records.answer import Answer
from smjax.core.records.request import Greeting, Request
from smjax.core.records.typed import encode
from smjax.sweep.process.conversation import Conversation, end_group
from smjax.sweep.process.launcher import OnPhase, Outcome
from smjax.sweep.process.outcome import judge
from smjax.sweep.process.stderr import last_line, open_stderr, trim


class LocalLauncher:
    """See `smjax.sweep.process.launcher.Launcher`; `command` starts the worker, whichever interpreter is asked for."""

    def __init__(self, command: Sequence[str] | None = None) -> None:
        self._command = command

    def run(self, request: Request, timeout_s: float, on_phase: OnPhase = lambda phase: None) -> Outcome:
        scenario = request.resolved.scenario
        cpus = pick_cpus(scenario.threads)  # before the clock: it asks the system about every CPU
        placed = replace(request, cpus=cpus, spawned_ns=time.monotonic_ns())
        command = self._command or worker_command(scenario.python)
        return converse(command, placed, timeout_s, on_phase, dict(request.resolved.variables))


def worker_command(python: str | None = None) -> Sequence[str]:
    """What starts a worker of the interpreter `python`, by default this one."""
    # -P: a file of the user's folder that is called like a module must not be imported instead of it.
    return (python or sys.executable, "-P", "-m", "smjax.worker")


def converse(
    command: Sequence[str],
    asked: Request | Greeting,
    timeout_s: float,
    on_phase: OnPhase = lambda phase: None,
    variables: Mapping[str, str] | None = None,
) -> Outcome:
    """What a process that `command` starts answers.

    Of the inherited variables it has those that do not change what is measured, and `variables`.
    """
    with contextlib.ExitStack() as opened:
        started_ns = time.monotonic_ns()
        try:
            stderr = opened.enter_context(open_stderr())
            environment = {**inherited(dict(os.environ)), **(variables or {})}
            process = opened.enter_context(_start(command, environment, stderr))
        except OSError as error:
            return Outcome("failed", f"the worker did not start: {error.strerror or error}", 0)
        deadline_ns = started_ns + timeout_s * 1e9
        conversation = Conversation(process, json.dumps(encode(asked)), deadline_ns, on_phase, partial(trim, stderr))
        try:
            conversation.run()
        finally:
            end_group(process)
            process.wait()
        wall_ns = time.monotonic_ns() - started_ns
        status, reason = judge(conversation, process.returncode, last_line(stderr), timeout_s)
    return Outcome(status, reason, wall_ns, conversation.answer or Answer())


def _start(command: Sequence[str], environment: dict[str, str], stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        bufsize=0,
        start_new_session=True,  # Ctrl-C in the terminal reaches the supervisor alone, which then stops the worker
    )
