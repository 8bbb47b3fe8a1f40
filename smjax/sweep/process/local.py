"""Starts one worker process, hands it its task, sleeps until it has ended or must be stopped, and says how it went."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from smjax.core.machine.host import pick_cpus
from smjax.sweep.process.conversation import Conversation, signal_group
from smjax.sweep.process.outcome import judge, last_line

# -P: a file of the user's folder that is called like a module must not be imported instead of it.
WORKER = (sys.executable, "-P", "-m", "smjax.worker")

_INHERITED = ("XLA_", "JAX_", "OMP_", "GOMP_", "KMP_", "PJRT_")
"""Beginnings of variables that change what is measured; what a user wants goes through the configuration."""


@dataclass(frozen=True)
class Outcome:
    """What became of one worker."""

    status: str
    reason: str
    """One line; empty if the status is ok."""
    wall_ns: int
    """From the start of the process to its end."""
    result: dict[str, Any] = field(default_factory=dict)
    """What the worker sent, as far as it got."""


def run_worker(
    task: Mapping[str, Any],
    *,
    threads: int,
    timeout_s: float,
    on_phase: Callable[[str], None] = lambda phase: None,
    command: Sequence[str] | None = None,
) -> Outcome:
    """Run `task` in a fresh process, pinned to `threads` CPUs; its failure is an outcome and no exception.

    `timeout_s` counts from its start; `on_phase` is told every phase that it reaches; `command` is the worker by
    default. Whatever ends this call, an interrupt too, the process has ended by then.
    """
    xla_threads = 1 if task.get("kernel") == "native" else threads  # which has threads of its own
    cpus, environment = pick_cpus(threads), worker_environment(os.environ, xla_threads)
    with contextlib.ExitStack() as opened:
        started_ns = time.monotonic_ns()
        request = json.dumps({**task, "cpus": cpus, "spawned_ns": started_ns})
        try:
            stderr = opened.enter_context(tempfile.TemporaryFile())
            process = opened.enter_context(_start(command or WORKER, environment, stderr))
        except OSError as error:
            return Outcome("failed", f"the worker did not start: {error.strerror or error}", 0)
        conversation = Conversation(process, request, started_ns + timeout_s * 1e9, on_phase)
        try:
            conversation.run()
        finally:
            signal_group(process)
            process.wait()
        wall_ns = time.monotonic_ns() - started_ns
        status, reason = judge(conversation, process.returncode, last_line(stderr), timeout_s)
    return Outcome(status, reason, wall_ns, conversation.result or {})


def worker_environment(inherited: Mapping[str, str], xla_threads: int) -> dict[str, str]:
    """The inherited variables but for those that would change what is measured, and those that set it."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(_INHERITED) and name != "NPROC"}
    return {**kept, "JAX_PLATFORMS": "cpu", "PJRT_NPROC": str(xla_threads)}


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
