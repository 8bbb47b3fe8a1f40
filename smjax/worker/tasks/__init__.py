"""What a worker can be asked for; a new task is a file here and a line below."""

from __future__ import annotations

from collections.abc import Callable

from smjax.worker.tasks.ahead import ahead
from smjax.worker.tasks.client import measure_as_client
from smjax.worker.tasks.dram import dram
from smjax.worker.tasks.evaluate import evaluate
from smjax.worker.tasks.hello import hello
from smjax.worker.tasks.measure import measure
from smjax.worker.tasks.micro import measure_points
from smjax.worker.tasks.profile import count, profile
from smjax.worker.tasks.session import Session

__all__ = ["TASKS", "Session", "hello"]

Task = Callable[[Session], None]


def _with_engine(task: Task) -> Task:
    """The task of a session that has started its engine."""

    def started(session: Session) -> None:
        session.start()
        task(session)

    return started


def _measure(session: Session) -> None:
    """Whatever computes, here or in a server."""
    (measure_as_client if session.request.resolved.is_client else measure)(session)


TASKS: dict[str, Task] = {
    "measure": _with_engine(_measure),
    "evaluate": _with_engine(evaluate),
    "ahead": _with_engine(ahead),
    "dram": dram,
    "micro": measure_points,
    "profile": _with_engine(profile),
    "count": _with_engine(count),
}
