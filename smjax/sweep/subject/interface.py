"""What a sweep has to know of what its processes measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from smjax.core.engines import Host
from smjax.core.records.hello import Hello
from smjax.core.records.request import Task
from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Scenario
from smjax.sweep.ahead.steps import Ahead
from smjax.sweep.process.launcher import Launcher, OnPhase, Outcome
from smjax.sweep.request.interpreters import Interpreters


class Subject(Protocol):
    """What the processes of a scenario measure."""

    @property
    def name(self) -> str: ...

    @property
    def task(self) -> Task:
        """Of its workers."""

    @property
    def note(self) -> str | None:
        """One line for whoever asked, of what is not measured as it might be thought; None where there is nothing."""

    @property
    def about(self) -> Mapping[str, Any]:
        """What a record says of it as its `model`, known without a worker."""

    def look(self, launcher: Launcher) -> None:
        """What takes a moment and can still be refused: now, and not beside a worker that is being timed.

        Raises RequestError.
        """

    def get_ready(self, resolved: Resolved, host: Host, there: Hello, launcher: Launcher, on_phase: OnPhase) -> Ahead:
        """What comes before a scenario's processes; see `smjax.sweep.ahead.steps`."""

    def judged(self, outcome: Outcome) -> Outcome:
        """The outcome of a worker, a failure if what it says it has measured is not this."""


Subjects = Mapping[Resolved, Subject]
"""By scenario, with nothing left to choose, in the order in which they were asked for."""


@dataclass(frozen=True)
class Kind:
    """How what a job was asked for becomes scenarios, and these their subjects."""

    scenarios: Callable[[Sequence[Any]], list[Scenario]]
    """Of the job's composed points; their numbers are not judged yet."""
    subjects: Callable[[Sequence[Scenario], Host, Interpreters], Subjects]
    """Raises RequestError for the first scenario that cannot be served on this host."""
