"""What starts a worker: the one protocol, and what comes of a worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from smjax.core.records.answer import Answer
from smjax.core.records.request import Request

OnPhase = Callable[[str], None]
"""Is told every phase that a worker reaches."""


@dataclass(frozen=True)
class Outcome:
    """What became of one worker."""

    status: str
    reason: str
    """One line; empty if the status is ok."""
    wall_ns: int
    """From the start of the process to its end."""
    answer: Answer = field(default_factory=Answer)
    """What it sent, as far as it got."""


class Launcher(Protocol):
    """Runs a request in a fresh process, one at a time; whatever ends the call, an interrupt too, has ended it."""

    def run(self, request: Request, timeout_s: float, on_phase: OnPhase = lambda phase: None) -> Outcome:
        """The outcome; a worker's failure is one and no exception. `timeout_s` counts from the process's start."""
