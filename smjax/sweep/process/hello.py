"""Asks an interpreter what it says of itself, in a process that is started like a worker."""

from __future__ import annotations

import re
from collections.abc import Sequence

from smjax.core.errors import RequestError
from smjax.core.records.hello import Hello
from smjax.core.records.request import Greeting
from smjax.core.text import printable
from smjax.sweep.process.launcher import Outcome
from smjax.sweep.process.local import converse, worker_command

TIMEOUT_S = 60.0
"""It takes a second."""
_HINTS = (
    (r"No module named '?smjax'?\)?$", "expected smjax, found none; {python} -m pip install smjax"),
    (r"No module named '?([\w.]+)'?", "expected all that smjax needs, found it without {0}; install smjax there again"),
    (r"[Uu]nknown option:? -P", "expected Python 3.11 or newer, found an older one; name another"),
    (r"from the worker, found none", "expected an interpreter with smjax, found another program, which says nothing"),
    (r"from the worker, found (.*)", "expected an interpreter with smjax, found another program, which says {0}"),
)
"""What such a process says at its end, and what to make of it."""


def hello(python: str, engines: Sequence[str]) -> Hello:
    """What the interpreter says of itself and of the `engines`; RequestError, in one line, if it is not understood."""
    outcome = converse(worker_command(python), Greeting(list(engines)), TIMEOUT_S)
    if outcome.status == "ok" and outcome.answer.hello is not None:
        return outcome.answer.hello
    raise RequestError(f"python={printable(python, 500)}: {_why(python, outcome)}")


def _why(python: str, outcome: Outcome) -> str:
    if outcome.status == "timeout":
        return f"expected an answer within {TIMEOUT_S:g} s, found none; is it a Python with smjax?"
    if outcome.status == "refused":
        return outcome.reason
    for pattern, told in _HINTS:
        if found := re.search(pattern, outcome.reason):
            return told.format(*found.groups(), python=python)
    return f"expected an interpreter with smjax, found: {outcome.reason or outcome.status}"
