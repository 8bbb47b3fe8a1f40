"""One request under way: its answer so far, its engine, and the phases that it goes through."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable

from smjax.core.machine.topology import physical_cores
from smjax.core.models.source import Model, open_model
from smjax.core.records.answer import Answer, Threads
from smjax.core.records.request import Request
from smjax.worker import process
from smjax.worker.engines import Engine, make_engine

Say = Callable[[str], None]
"""Tells the supervisor which phase begins."""


class Session:
    """`answer` holds what is known so far, so that a failure loses nothing."""

    def __init__(self, request: Request, say: Say) -> None:
        self.request, self.say = request, say
        self.scenario = request.resolved.scenario
        self.answer = Answer(reason="the worker has not ended its task")
        self.engine: Engine
        self.model: Model
        self._mark_ns = time.monotonic_ns()

    def begin(self) -> None:
        """Pin the process; only then may be imported what computes: that makes threads and reads the affinity."""
        if not self.request.resolved.is_client:
            affinity = process.pin(self.request.cpus)
            self.answer.threads = Threads(affinity, cores=physical_cores(affinity))
        self.answer.variables = {name: os.environ.get(name, "") for name, _ in self.request.resolved.variables}
        self.answer.versions = {"python": platform.python_version()}

    def start(self) -> None:
        """Begin, and import the engine."""
        self.begin()
        self.say("import")
        s = self.scenario
        self.model = open_model(s.model, s.model_path, s.seed)
        self.engine = make_engine(self.request, self.model)
        self.imported()

    def imported(self) -> None:
        """What computes is there: how long that took from the start of the process."""
        self._mark_ns = self.request.spawned_ns
        self.phase_done("imports")

    def prepare(self) -> None:
        """Load and compile."""
        self.say("load")
        self.engine.load()
        self.phase_done("load")
        self.say("compile")
        self.engine.compile()
        self.phase_done("compile")
        self.engine.describe(self.answer)

    def phase_done(self, name: str) -> None:
        """Note how long the phase took; the next one begins."""
        now_ns = time.monotonic_ns()
        self.answer.phases_ns[name] = now_ns - self._mark_ns
        self._mark_ns = now_ns

    def cold_start_done(self) -> None:
        """The first id is there: how long that took from the start of the process.

        Only now is it asked what computes: whoever wants an answer does not.
        """
        self.answer.phases_ns["cold_start"] = time.monotonic_ns() - self.request.spawned_ns
        self.answer.versions |= self.engine.versions()
        self._mark_ns = time.monotonic_ns()
