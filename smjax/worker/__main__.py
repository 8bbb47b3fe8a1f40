"""One request in, one answer out: `python -m smjax.worker`, started by a sweep's launcher and nobody else."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.records.answer import Answer
from smjax.core.records.request import VERSION, Request
from smjax.core.records.typed import WrongValueError, decode, encode
from smjax.worker.process import die_with_parent
from smjax.worker.tasks import TASKS, Session
from smjax.worker.tasks.session import Say


def main() -> int:
    """Answer the request on standard input; 0 if it could be answered, also with a failure."""
    parent = os.getppid()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not end up between the answers
    request = json.loads(sys.stdin.buffer.readline())
    die_with_parent(sys.stdin.buffer, parent)

    def send(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    answer = _answer(request, lambda phase: send({"event": "phase", "phase": phase}))
    send({"event": "answer", "version": VERSION, "answer": encode(answer)})
    # Nothing is left to do, and taking JAX down can take a second.
    answers.close()
    os._exit(0)


def _answer(asked: Any, say: Say) -> Answer:
    """The answer to a request, as far as it gets."""
    try:
        request = understand(asked)
    except WrongValueError as error:
        return Answer("refused", str(error))
    session = Session(request, say)
    try:
        TASKS[session.request.task](session)
        session.answer.status, session.answer.reason = "ok", ""
    except Exception as error:
        session.answer.status, session.answer.reason = "failed", _one_line(error)
    return session.answer


def understand(asked: Any) -> Request:
    """The request that crossed the border; raises WrongValueError for one of another version, or a wrong one."""
    if isinstance(asked, dict) and (found := asked.get("version")) != VERSION:
        raise WrongValueError(
            f"expected a request of version {VERSION}, found {found}; install one smjax for both sides"
        )
    return decode(Request, asked, "request")


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, RequestError) else f"{type(error).__name__}: {text}"[:500]


if __name__ == "__main__":
    sys.exit(main())
