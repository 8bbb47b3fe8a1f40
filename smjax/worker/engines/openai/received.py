"""One streamed answer: which of its parts carried tokens, when, and what the server says of it by its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from smjax.worker.engines.openai import completions
from smjax.worker.engines.openai.client import ServerError
from smjax.worker.engines.openai.completions import Told

_LEFT_OVER = 64
"""Parts of an answer that carry nothing, besides one for each token."""


@dataclass
class Received:
    """What is known of an answer; None where the server has not said it."""

    parts: int = 0
    """That carried at least one token each."""
    first: int | None = None
    """Tokens in the first of them."""
    text: str = ""
    ids: list[int] | None = None
    n_ids: int | None = None
    n_prompt: int | None = None
    n_cached: int | None = None
    finish: str | None = None
    versions: dict[str, str] = field(default_factory=dict)

    def take(self, told: Told) -> bool:
        """Note what a part says; returns whether it carried a token."""
        so_far = told.n_ids if told.goes_on else None
        carries = bool(told.text or told.ids) or (so_far is not None and so_far > (self.n_ids or 0))
        if carries:
            self.parts += 1
            if self.parts == 1:
                self.first = so_far if told.ids is None else len(told.ids)
        if told.ids:
            self.ids = (self.ids or []) + told.ids
        self.text += told.text
        self.finish = told.finish or self.finish
        self.n_ids = self.n_ids if told.n_ids is None else told.n_ids
        self.n_prompt = self.n_prompt if told.n_prompt is None else told.n_prompt
        self.n_cached = self.n_cached if told.n_cached is None else told.n_cached
        self.versions |= told.versions
        return carries


def receive(objects: Iterator[dict[str, Any]], n_ids: int, arrived: Callable[[Received], bool]) -> Received:
    """The answer that the objects are; `arrived` hears of each part that carries a token, and returns whether to go on.

    Where fewer parts than tokens did, it hears of the last part too, which nothing may come after: a token whose text
    is not whole is held back until then. Raises ServerError for what is no answer of `n_ids` tokens at most.
    """
    found = Received()
    for number, one in enumerate(objects):
        was_over = found.finish is not None
        try:
            carries = found.take(completions.read(one))
        except ValueError as error:
            raise ServerError(f"expected parts of one answer, found {error}") from None
        if found.parts > n_ids or number > n_ids + _LEFT_OVER:
            raise ServerError(f"expected at most {n_ids} tokens, found more parts of the answer than that")
        is_end = found.finish is not None and not was_over
        if (carries or (is_end and 0 < found.parts < n_ids)) and not arrived(found):
            return found
    if found.finish is None:
        raise ServerError(f"expected an answer to its end, found that it was cut after {found.parts} of {n_ids} tokens")
    return found
