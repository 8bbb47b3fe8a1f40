"""A measurement of what a server computes: its answers are timed, and nothing is read of this process or its CPUs."""

from __future__ import annotations

from smjax.worker.prompt import seeded_prompt
from smjax.worker.tasks.measure import check, time_all
from smjax.worker.tasks.session import Session
from smjax.worker.timing import garbage_collection_off


def measure_as_client(session: Session) -> None:
    """Find the server, warm up and time answers; then ask it what can be proved.

    It was there before: there is no phase of loading, of compiling, or from nothing to the first id.
    """
    engine, answer = session.engine, session.answer
    prompt = seeded_prompt(session.scenario, session.model.config.n_vocab)
    session.say("greet")
    engine.load()
    engine.compile()
    session.phase_done("greet")
    engine.answer(prompt, 1, lambda ids: None)
    with garbage_collection_off():
        time_all(session, prompt, lambda: None)
    session.phase_done("measure")
    check(session, prompt)
    engine.describe(answer)
    for sample in (*answer.warmup_samples, *answer.samples):
        sample.rss_bytes = None
