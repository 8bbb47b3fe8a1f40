"""A model's answers as what is measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from smjax.core.engines import Host
from smjax.core.models.source import Model, left_aside, weight_bytes
from smjax.core.records.hello import Hello
from smjax.core.records.request import Task
from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Scenario
from smjax.sweep.ahead.steps import Ahead, get_ready
from smjax.sweep.process.launcher import Launcher, OnPhase, Outcome
from smjax.sweep.process.model_file import FileState, file_state, unless_changed
from smjax.sweep.request.interpreters import Interpreters
from smjax.sweep.request.resolve import expand
from smjax.sweep.request.validate import model_key, resolve_all
from smjax.sweep.subject.interface import Subject, Subjects


@dataclass(frozen=True)
class Answers:
    """Of one model."""

    model: Model
    path: str | None
    state: FileState
    """Of its file, before it was checked."""
    task: ClassVar[Task] = "measure"

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def note(self) -> str | None:
        return left_aside(self.model)

    @property
    def about(self) -> Mapping[str, Any]:
        return {
            "name": self.model.name,
            "hash": self.model.hash,
            "family": self.model.config.family,
            "ctx_train": self.model.config.ctx_train,
            "weight_bytes": weight_bytes(self.model),
        }

    def look(self, launcher: Launcher) -> None:
        self.model.check_weights()
        _ = self.model.hash

    def get_ready(self, resolved: Resolved, host: Host, there: Hello, launcher: Launcher, on_phase: OnPhase) -> Ahead:
        return get_ready(resolved, self.model, host, there, launcher, on_phase)

    def judged(self, outcome: Outcome) -> Outcome:
        outcome = unless_changed(outcome, self.path, self.state)
        if outcome.status != "ok" or outcome.answer.samples:
            return outcome
        return replace(outcome, status="failed", reason="expected timed answers from the worker, found none")


def subjects_of_answers(asked: Sequence[Scenario], host: Host, interpreters: Interpreters) -> Subjects:
    """See `Kind.subjects`; scenarios of one model share it."""
    scenarios = [one for scenario in asked for one in expand(scenario, host, interpreters.of(scenario))]
    states = {scenario.model_path: file_state(scenario.model_path) for scenario in scenarios}
    resolved, models = resolve_all(list(dict.fromkeys(scenarios)), host, interpreters)
    answers: dict[object, Subject] = {key: Answers(model, key[1], states[key[1]]) for key, model in models.items()}
    return {one: answers[model_key(one.scenario)] for one in resolved}
