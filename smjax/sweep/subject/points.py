"""Calls of ops as what is measured: points of a microbenchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from smjax.core.engines import Host
from smjax.core.errors import RequestError
from smjax.core.machine.host import available_bytes
from smjax.core.models.source import Model, open_model
from smjax.core.ops import parse_shape
from smjax.core.ops.named import is_users_own, op_spec
from smjax.core.records.document import digest
from smjax.core.records.hello import Hello
from smjax.core.records.point import Point
from smjax.core.records.request import FIND, Request, Task
from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Scenario, check_measure
from smjax.core.text import printable
from smjax.sweep.ahead.cache import cache_folder
from smjax.sweep.ahead.steps import Ahead
from smjax.sweep.plan.identity import identity_parts
from smjax.sweep.process.launcher import Launcher, OnPhase, Outcome
from smjax.sweep.process.model_file import FileState, file_state, unless_changed
from smjax.sweep.request.interpreters import Interpreters
from smjax.sweep.request.per_kernel import expand_points
from smjax.sweep.request.resolve import engine_of, resolve
from smjax.sweep.request.validate import check_strict
from smjax.sweep.subject.interface import Subjects

_FIND_S = 60.0
"""It takes two seconds."""


@dataclass(eq=False)
class Points:
    """Those of all scenarios with one interpreter."""

    asked: Resolved
    """The scenario by which that interpreter is asked for what it has of the user's own."""
    files: Mapping[str, tuple[Model, FileState]]
    """GGUF files that an op takes its sizes or weights from, as they were before they were checked."""
    functions: tuple[str, ...]
    """Ops that are the user's own."""
    contents: dict[str, str] = field(default_factory=dict)
    """Of functions and files, digests of what is in them."""
    name: ClassVar[str] = "ops"
    task: ClassVar[Task] = "micro"
    note: ClassVar[str | None] = None
    about: ClassVar[Mapping[str, Any]] = {}

    def look(self, launcher: Launcher) -> None:
        for path, (model, _) in self.files.items():
            model.check_weights()
            self.contents[path] = model.hash
        if self.functions:
            self.contents |= self._found(launcher)

    def get_ready(self, resolved: Resolved, host: Host, there: Hello, launcher: Launcher, on_phase: OnPhase) -> Ahead:
        names = {point.op for point in resolved.scenario.points} | self._paths(resolved.scenario)
        content = {"functions and files": digest({one: self.contents[one] for one in sorted(names & {*self.contents})})}
        engine = engine_of(resolved.scenario).name
        cache_dir = cache_folder(engine, host["host"], there.engines[engine].libraries)
        return Ahead({}, cache_dir, identity_parts(resolved, content, host, there, {}))

    def judged(self, outcome: Outcome) -> Outcome:
        for path, (_, state) in self.files.items():
            outcome = unless_changed(outcome, path, state)
        if outcome.status != "ok" or outcome.answer.points:
            return outcome
        return replace(outcome, status="failed", reason="expected timed calls from the worker, found none")

    def _found(self, launcher: Launcher) -> dict[str, str]:
        """Digests of the user's modules, by whoever will import them; RequestError where a function is not there."""
        own = tuple(Point(name, "") for name in self.functions)
        asked = replace(self.asked, scenario=replace(self.asked.scenario, points=own))
        outcome = launcher.run(Request("micro", asked, step=FIND), _FIND_S)
        if outcome.status != "ok":
            raise RequestError(outcome.reason)
        return {name: str(found) for name, found in outcome.answer.prepared.items()}

    def _paths(self, scenario: Scenario) -> set[str]:
        return {path for point in scenario.points if (path := _file_of(point))}


def subjects_of_points(asked: Sequence[Scenario], host: Host, interpreters: Interpreters) -> Subjects:
    """See `Kind.subjects`; scenarios of one interpreter share it."""
    for scenario in asked:
        check_measure(scenario)
        check_strict(scenario, host)
    scenarios = dict.fromkeys(expand_points(asked, host, interpreters))
    resolved = [resolve(scenario, host, interpreters.of(scenario)) for scenario in scenarios]
    for one in resolved:
        check_memory(one, available_bytes())
    by_python: dict[str | None, list[Resolved]] = {}
    for one in resolved:
        by_python.setdefault(one.scenario.python, []).append(one)
    subjects = {python: _subject(alike) for python, alike in by_python.items()}
    return {one: subjects[one.scenario.python] for one in resolved}


def check_memory(resolved: Resolved, free_bytes: int) -> None:
    """Raise RequestError unless each point of the scenario fits into `free_bytes`: one is there at a time."""
    for point in resolved.scenario.points:
        spec = op_spec(point.op)
        needed_bytes = engine_of(resolved.scenario).worker_bytes + spec.needed_bytes(parse_shape(spec, point.shape))
        if needed_bytes > free_bytes:
            raise RequestError(
                f"memory: expected {needed_bytes / 1e6:,.0f} MB for {point.op} at {printable(point.shape)}, "
                f"found {free_bytes / 1e6:,.0f} MB free; use smaller sizes, or free memory"
            )


def _subject(alike: Sequence[Resolved]) -> Points:
    points = list(dict.fromkeys(point for one in alike for point in one.scenario.points))
    files = {path: _opened(path) for point in points if (path := _file_of(point))}
    functions = tuple(dict.fromkeys(point.op for point in points if is_users_own(point.op)))
    return Points(alike[0], files, functions)


def _opened(path: str) -> tuple[Model, FileState]:
    state = file_state(path)
    return open_model("gguf", path, 0), state


def _file_of(point: Point) -> str | None:
    """The model file that its shape names; None where there is none."""
    spec = op_spec(point.op)
    kind = parse_shape(spec, point.shape).kind
    return kind if spec.is_any_kind and kind not in spec.kinds else None
