"""A step of the engine's ahead of the sweep, in a process of its own."""

from __future__ import annotations

from smjax.worker.tasks.session import Session


def ahead(session: Session) -> None:
    """Take the step that is asked for; its result is for the workers of the same scenario."""
    step = session.request.step
    assert step is not None, "a request for a step names it"
    session.say(step)
    session.answer.prepared, session.answer.notes = session.engine.ahead(step)
