"""Prompts that no server has seen: of ids where it takes them, else texts of words that are one token each."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from smjax.core.gguf.split import open_gguf
from smjax.core.records.scenario import Scenario
from smjax.worker.engines.openai.client import ServerError
from smjax.worker.engines.openai.completions import Prompt
from smjax.worker.prompt import seeded_prompt

Rng = np.random.Generator
CountTokens = Callable[[str], int | None]
"""How many tokens a text is as the server says; None where it does not."""

_BATCH, _BATCHES, _TRIED = 8, 12, 48
"""Words that are counted at once, batches that are enough, and batches that are tried."""
_WORD = re.compile("[\u2581\u0120]([a-z]{2,12})")
"""A word with the space before it, as SentencePiece and byte-level vocabularies spell it."""
_BYTE_LEVEL = "gpt2"


class Prompts(Protocol):
    """Makes prompts of the scenario's length."""

    def agreed(self) -> Prompt:
        """The same each time."""
        ...

    def unheard(self) -> Prompt:
        """One that nobody has asked before: from its start on it is no other's."""
        ...


class OfIds:
    """As the prompt that every engine is measured with, drawn anew."""

    def __init__(self, scenario: Scenario, n_vocab: int) -> None:
        self._scenario, self._n_vocab = scenario, n_vocab
        self._rng = _unrepeatable()

    def agreed(self) -> Prompt:
        return seeded_prompt(self._scenario, self._n_vocab).tolist()

    def unheard(self) -> Prompt:
        return self._rng.integers(0, self._n_vocab, self._scenario.n_prompt).tolist()


class OfWords:
    """Texts of as many tokens, of which the server puts `extra` before them by itself."""

    def __init__(self, scenario: Scenario, words: Sequence[str], extra: int, opening: str) -> None:
        self._words, self._opening, self._seed = words, opening, scenario.seed
        self._n_words = scenario.n_prompt - extra
        self._rng = _unrepeatable()
        if self._n_words < 1:
            raise ServerError(
                f"n_prompt: expected more than the {extra} tokens that the server puts before every prompt, found "
                f"{scenario.n_prompt}"
            )

    def agreed(self) -> Prompt:
        return self._text(np.random.default_rng(self._seed))

    def unheard(self) -> Prompt:
        return self._text(self._rng)

    def _text(self, rng: Rng) -> str:
        return self._opening + " ".join(self._words[i] for i in rng.integers(0, len(self._words), self._n_words))


def words_of(scenario: Scenario, path: Path, count: CountTokens) -> OfWords:
    """Prompts of words of the file's vocabulary that are one token for the server, as it counts them itself.

    Raises ServerError where it does not count, or has other words.
    """
    candidates, opening = _candidates(path)
    np.random.default_rng(scenario.seed).shuffle(candidates)
    batches = [candidates[i : i + _BATCH] for i in range(0, len(candidates) - _BATCH + 1, _BATCH)]
    by_extra: dict[int, list[str]] = {}
    for batch in batches[:_TRIED]:
        counted = count(opening + " ".join(batch))
        if counted is None:
            raise ServerError(
                "the server takes texts alone and does not say how many tokens they are: nothing can be said of its "
                "speed; use one that takes token ids (llama-server, vLLM)"
            )
        by_extra.setdefault(counted - _BATCH, []).extend(batch)
        least = min(by_extra)
        if len(by_extra[least]) >= _BATCH * _BATCHES:
            break
    if not by_extra or min(by_extra) < 0:
        raise ServerError(
            f"the server takes texts alone, and the words of {path.name} are not its tokens; serve that file, or use a "
            "server that takes token ids (llama-server, vLLM)"
        )
    least = min(by_extra)
    return OfWords(scenario, by_extra[least], least, opening)


def _candidates(path: Path) -> tuple[list[str], str]:
    """Words of the file's vocabulary, and what a text has to begin with so that its first is one of them too."""
    file = open_gguf(path)
    tokens = file.metadata.get("tokenizer.ggml.tokens", ())
    kind = file.metadata.get("tokenizer.ggml.model")
    matches = (_WORD.fullmatch(token) for token in tokens if isinstance(token, str))
    found = [match[1] for match in matches if match]
    file.close()
    return sorted(set(found)), " " if kind == _BYTE_LEVEL else ""


def _unrepeatable() -> Rng:
    """A server outlives the processes that ask it: no two of them may ask the same."""
    return np.random.default_rng(secrets.randbits(128))
