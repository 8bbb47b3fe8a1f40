"""What this interpreter says of itself, without a model and an engine."""

from __future__ import annotations

from smjax.core.records.answer import Answer
from smjax.core.records.request import Greeting


def hello(greeting: Greeting, answer: Answer) -> None:
    """Say it."""
    # Here, as a worker that measures needs none of it.
    from smjax.core.engines import packages
    from smjax.core.engines.introduction import introduce
    from smjax.core.machine.host import environment

    answer.hello = introduce(environment(packages()), greeting.engines)
