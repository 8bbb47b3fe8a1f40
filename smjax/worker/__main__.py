"""One request in, one answer out: `python -m smjax.worker`, started by a sweep's launcher and nobody else."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.records.answer import Answer
from smjax.core.records.request import HELLO, VERSION, Greeting, Request
from smjax.core.records.typed import WrongValueError, decode, encode
from smjax.worker.process import die_with_parent
from smjax.worker.tasks import TASKS, Session, hello
from smjax.worker.tasks.session import Say


def main() -> int:
    """Answer the request on standard input; 0 if it could be answered, also with a failure."""
    parent, own = os.getppid(), os.getpid()
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not end up between the answers
    answers.write("\n")  # nor what was printed before this began be the beginning of one
    with Path(os.devnull).open("rb") as nothing:  # nor an engine that asks wait for what never comes
        os.dup2(nothing.fileno(), 0)
    request = json.loads(requests.readline())
    die_with_parent(requests, parent)

    def send(message: dict[str, Any]) -> None:
        if os.getpid() != own:  # an engine has forked, and its child went on
            os._exit(1)
        answers.write(json.dumps(message, default=_plain) + "\n")
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
    answer, do = _undertaken(request, say)
    try:
        do()
        answer.status, answer.reason = "ok", ""
    except BaseException as error:  # SystemExit too, and what other languages' libraries raise
        answer.status, answer.reason = "failed", _one_line(error)
    return answer


def _undertaken(request: Request | Greeting, say: Say) -> tuple[Answer, Callable[[], None]]:
    """The answer to a request, empty so far, and what fills it."""
    if isinstance(request, Greeting):
        answer = Answer()
        return answer, partial(hello, request, answer)
    session = Session(request, say)
    return session.answer, partial(TASKS[request.task], session)


def understand(asked: Any) -> Request | Greeting:
    """What crossed the border; raises WrongValueError for a request of another version, or a wrong one.

    A greeting is answered whatever its version, so that whoever asks can say which smjax it was.
    """
    if isinstance(asked, dict) and asked.get("task") == HELLO:
        return decode(Greeting, asked, "greeting")
    if isinstance(asked, dict) and (found := asked.get("version")) != VERSION:
        raise WrongValueError(
            f"expected a request of version {VERSION}, found {found}; install one smjax for both sides"
        )
    return decode(Request, asked, "request")


def _plain(value: Any) -> Any:
    """A number or an array of NumPy's as Python's own."""
    if not hasattr(value, "tolist"):
        raise TypeError(f"expected an answer of numbers and texts from the engine, found {type(value).__name__}")
    return value.tolist()


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, RequestError) else f"{type(error).__name__}: {text}"[:500]


if __name__ == "__main__":
    sys.exit(main())
