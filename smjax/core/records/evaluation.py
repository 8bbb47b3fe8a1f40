"""One answer for checking: as an engine gives it, as `smjax eval` prints it, and as a file of references holds it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.files import read_regular
from smjax.core.records.typed import WrongValueError, decode
from smjax.core.text import printable

_BYTES_MAX = 1 << 28
"""Of a file of references: a hundred answers with the scores of the largest vocabulary."""


@dataclass(frozen=True)
class Evaluation:
    """None for what is not given."""

    nll_mean: float | None = None
    """Of ids[1:] given their prefixes, nats."""
    logits: list[float] | None = None
    """After the last id."""
    greedy: list[int] | None = None
    """Ids that follow; end-of-text does not stop them."""
    gaps: list[float] | None = None
    """Of a reference: by how much the score of each of these was the largest."""


@dataclass(frozen=True)
class Evaluated:
    """What became of one engine that was asked."""

    engine: str
    kernel: str
    isa: str
    status: str
    reason: str = ""
    """One line; empty if the status is ok."""
    answer: Evaluation = field(default_factory=Evaluation)


def read_reference(path: Path, ids: list[int], model_file: str) -> Evaluation:
    """The answer to `ids` in a file: one as `smjax eval` prints it, or of several with their `ids` the one to these.

    Several are a list, or `models` with a list for each name of a file. Raises RequestError where there is none.
    """
    expected = "a JSON object with greedy, nll_mean or logits"
    try:
        document = json.loads(read_regular(path, _BYTES_MAX, "a readable reference"))
    except (ValueError, RecursionError) as error:
        raise RequestError(f"{path}: expected {expected}, found: {' '.join(str(error).split())}") from error
    answers = [one for one in _answers(document, model_file) if isinstance(one, dict)]
    fitting = [one for one in answers if one.get("ids", ids) == ids]
    if answers and not fitting:
        raise RequestError(f"{path}: expected an answer to the ids that are asked, found {len(answers)} to others")
    try:
        found = decode(Evaluation, fitting[0] if fitting else {})
    except WrongValueError as error:
        raise RequestError(f"{path}: {error}") from error
    if found == Evaluation():
        raise RequestError(f"{path}: expected {expected}, found {printable(json.dumps(document), 40)}")
    return found


def _answers(document: Any, model_file: str) -> Iterator[Any]:
    if isinstance(document, dict) and isinstance(models := document.get("models"), dict):
        document = models.get(model_file)
    yield from document if isinstance(document, list) else [document]
