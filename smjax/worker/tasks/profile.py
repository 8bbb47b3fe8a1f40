"""Where the time of a token and of a prompt goes, and what the CPU does in it, in a process that looks into itself."""

from __future__ import annotations

import numpy as np

from smjax.worker.prompt import seeded_prompt
from smjax.worker.tasks.measure import check, read_bandwidth
from smjax.worker.tasks.session import Session
from smjax.worker.timing import garbage_collection_off


def profile(session: Session) -> None:
    """Answer once, look into it, and then prove that what was looked into is right."""
    prompt = _first_answer(session)
    session.say("profile")
    with garbage_collection_off():
        session.answer.profile = session.engine.profile(prompt)
    session.phase_done("profile")
    check(session, prompt)
    read_bandwidth(session)


def count(session: Session) -> None:
    """Answer once, and count what the CPU does."""
    prompt = _first_answer(session)
    session.say("count")
    session.answer.counted = session.engine.count(prompt)
    session.phase_done("count")


def _first_answer(session: Session) -> np.ndarray:
    """All of it; the seeded prompt that it answers."""
    prompt = seeded_prompt(session.scenario, session.model.config.n_vocab)
    session.prepare()
    session.engine.answer(prompt, session.scenario.n_gen, lambda ids: None)
    session.cold_start_done()
    return prompt
