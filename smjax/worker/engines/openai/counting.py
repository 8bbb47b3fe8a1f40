"""How many tokens an answer has, and its prompt: figures are of no number that the server has not said or proved."""

from __future__ import annotations

from collections.abc import Callable

from smjax.worker.engines.openai.client import ServerError
from smjax.worker.engines.openai.completions import Told
from smjax.worker.engines.openai.received import Received

LENGTH = "length"
"""Why an answer ends that has all the tokens that were asked for."""
BY_SERVER, BY_LIMIT, BY_REPETITION = "server", "limit", "repetition"
"""Who counted an answer's tokens: the server while it answered; nobody, as there were as many parts as were allowed at
most; the server, of the same request once more and in one piece."""

Repeat = Callable[[int], Told]
"""What the server says of the same request for so many tokens, in one piece."""


def count_answer(found: Received, n_ids: int, repeat: Repeat) -> str:
    """Who says that the answer has `n_ids` tokens; raises ServerError where it has not, or nobody knows."""
    said = {n for n in (found.n_ids, None if found.ids is None else len(found.ids)) if n is not None}
    if len(said) > 1:
        raise ServerError(f"expected one count of the answer's tokens, found {' and '.join(map(str, sorted(said)))}")
    if said:
        _check_count(said.pop(), n_ids, found)
        return BY_SERVER
    if found.finish != LENGTH:
        raise _ended_early(f"about {found.parts}", n_ids, found.finish)
    if found.parts == n_ids:  # each has one token at least, and all together have as many as were allowed
        return BY_LIMIT
    told = repeat(n_ids)
    if told.n_ids != n_ids or told.finish != LENGTH:
        counted = "does not say how many tokens" if told.n_ids is None else f"says {told.n_ids} tokens"
        raise ServerError(
            f"expected {n_ids} tokens, found {found.parts} parts of an answer of which the server {counted} it has; "
            "nothing can be said of its speed"
        )
    return BY_REPETITION


def count_prompt(found: Received, repeat: Repeat, must_know: bool) -> int | None:
    """The prompt's tokens as the server counts them, asked for where they must be known; None where they are not."""
    if found.n_prompt is not None or not must_know:
        return found.n_prompt
    return repeat(1).n_prompt


def _check_count(said: int, n_ids: int, found: Received) -> None:
    if said < n_ids:
        raise _ended_early(str(said), n_ids, found.finish)
    if said > n_ids:
        raise ServerError(f"expected {n_ids} tokens, found that the server says {said}")


def _ended_early(found: str, n_ids: int, finish: str | None) -> ServerError:
    fix = (
        "its own limit may be smaller"
        if finish == LENGTH
        else (
            "at an end-of-text that it was asked to ignore; use engine_args.end_of_text=min_tokens if it knows that, "
            "another model, or fewer tokens"
        )
    )
    return ServerError(f"expected {n_ids} tokens, found that the server stopped after {found}: {fix}")
