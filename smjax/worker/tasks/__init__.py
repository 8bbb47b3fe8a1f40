"""What a worker can be asked for; a new task is a file here and a line below."""

from __future__ import annotations

from collections.abc import Callable

from smjax.worker.tasks.ahead import ahead
from smjax.worker.tasks.evaluate import evaluate
from smjax.worker.tasks.measure import measure
from smjax.worker.tasks.session import Session

__all__ = ["TASKS", "Session"]

TASKS: dict[str, Callable[[Session], None]] = {"measure": measure, "evaluate": evaluate, "ahead": ahead}
