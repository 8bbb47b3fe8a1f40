"""One answer, for checking."""

from __future__ import annotations

import numpy as np

from smjax.worker.tasks.session import Session


def evaluate(session: Session) -> None:
    """Score the ids and go on from them."""
    session.say("load")
    session.engine.load()
    session.say("measure")
    ids = np.array(session.request.ids, np.int32)
    session.answer.evaluation = session.engine.evaluate(ids, session.scenario.n_gen)
    session.engine.describe(session.answer)
