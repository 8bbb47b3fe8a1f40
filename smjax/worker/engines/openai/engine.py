"""The engine: prompts that no cache knows, streamed answers, and what can be known of them on this side."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from smjax.core.engines.openai import address_of, stall_s
from smjax.core.models.source import Model
from smjax.core.records.answer import IDS_KEPT, Answer, Ran
from smjax.core.records.flags import (
    CHUNKS_NOT_TOKENS,
    MODEL_CLAIMED,
    OTHER_MACHINE,
    PREFIX_CACHE_HIT,
    TEXT_PROMPTS,
    UNIQUE_PROMPTS,
)
from smjax.core.records.request import Request
from smjax.core.records.typed import decode, encode
from smjax.worker.engines import Engine, Heard, Took
from smjax.worker.engines.openai import prompts
from smjax.worker.engines.openai.client import Client, RefusedError, ServerError
from smjax.worker.engines.openai.completions import PATH, Prompt, Told
from smjax.worker.engines.openai.counting import count_answer, count_prompt
from smjax.worker.engines.openai.greeting import Greeting, ask, greet
from smjax.worker.engines.openai.received import Received, receive

GREET = "greet"
_TRIES = 5
"""Prompts that are tried until the first token of an answer comes alone: decoding is timed from it."""
_NO_IDS = np.empty(0, np.int32)
_START = 1
"""Tokens that a server may know of every prompt: the one that begins a text."""


class OpenAIEngine(Engine):
    """See `smjax.worker.engines.Engine`."""

    def __init__(self, request: Request, model: Model, path: Path) -> None:
        self._scenario, self._model, self._path = request.resolved.scenario, model, path
        self._arguments = self._scenario.engine_args
        self._known = request.prepared.get(GREET)
        self._client: Client
        self._greeting: Greeting
        self._prompts: prompts.Prompts
        self._versions: dict[str, str] = {}
        self._counted_by: set[str] = set()
        self._flags: set[str] = set()
        self._n_cached: list[int] = []
        self._left_out = 0
        self._ids: list[int] = []

    def versions(self) -> dict[str, str]:
        return {"numpy": np.__version__, **self._greeting.versions, **self._versions}

    def load(self) -> None:
        """Find the server, and how it wants to be asked."""
        self._client = Client(*address_of(self._arguments), stall_s(self._arguments))
        if self._known:
            self._greeting = decode(Greeting, self._known, GREET)
        else:
            self._greeting = greet(self._client, self._arguments["served_model"], self._arguments["end_of_text"])

    def compile(self) -> None:
        """Have prompts."""
        if self._greeting.dialect.prompts == "ids":
            self._prompts = prompts.OfIds(self._scenario, self._model.config.n_vocab)
        else:
            self._prompts = prompts.words_of(self._scenario, self._path, lambda text: self._ask(text, 1).n_prompt)

    def ahead(self, step: str) -> tuple[dict[str, Any], dict[str, Any]]:
        self.load()
        return encode(self._greeting), {}

    def answer(self, prompt: np.ndarray, n_ids: int, heard: Heard) -> Took:
        """Answers a prompt of its own of that length: of one that it knows, a server would only look up the answer."""
        for _ in range(_TRIES):
            if (took := self._answer(self._prompts.unheard(), n_ids, heard)) is not None:
                return took
            self._left_out += 1
        raise ServerError(f"expected the first token by itself, found {_TRIES} answers that begin with several at once")

    def _answer(self, prompt: Prompt, n_ids: int, heard: Heard) -> Took | None:
        body = self._greeting.dialect.body(prompt, n_ids, stream=True)
        self._client.connect()
        started_ns = perf_counter_ns()
        found = receive(self._client.stream(PATH, body), n_ids, partial(_hear, heard))
        if found.first is not None and found.first > 1:
            return None
        self._judge(found, n_ids, partial(self._ask, prompt))
        return Took(started_ns, found.parts == n_ids)

    def _judge(self, found: Received, n_ids: int, repeat: Callable[[int], Told]) -> None:
        """Raise ServerError unless the answer, and its prompt, have as many tokens as were asked for."""
        self._counted_by.add(count_answer(found, n_ids, repeat))
        n_prompt = count_prompt(found, repeat, must_know=self._greeting.dialect.prompts == "text")
        if n_prompt not in (None, self._scenario.n_prompt):
            raise ServerError(
                f"expected a prompt of {self._scenario.n_prompt} tokens, found that the server counts {n_prompt}"
            )
        if found.parts != n_ids and found.first is None:
            self._flags.add(CHUNKS_NOT_TOKENS.name)
        if found.n_cached is not None:
            self._n_cached.append(found.n_cached)
        self._versions |= {name: self._client.quoted(text) for name, text in found.versions.items()}

    def _ask(self, prompt: Prompt, n_ids: int, **more: Any) -> Told:
        return ask(self._client, self._greeting.dialect, prompt, n_ids, **more)

    def _with_ids(self, prompt: Prompt, n_ids: int) -> Told:
        """The answer with its ids, where the server gives them."""
        try:
            return self._ask(prompt, n_ids, logprobs=1)
        except RefusedError:
            return self._ask(prompt, n_ids)

    def check(self, prompt: np.ndarray) -> dict[str, float]:
        """Whether the same prompt has the same answer twice: all that can be proved of a model that is elsewhere."""
        agreed, n_ids = self._prompts.agreed(), min(self._scenario.n_gen, IDS_KEPT)
        first, second = (self._with_ids(agreed, n_ids) for _ in range(2))
        if self._greeting.dialect.prompts == "ids" and first.ids is not None and len(first.ids) == n_ids:
            self._ids = first.ids
        found = {"answers_differ": float((first.text, first.ids) != (second.text, second.ids))}
        found["answers_left_out"] = float(self._left_out)
        return found | ({"cached_tokens": float(max(self._n_cached))} if self._n_cached else {})

    def evaluate(self, ids: np.ndarray, n_gen: int) -> dict[str, Any]:
        if self._greeting.dialect.prompts == "text":
            raise ServerError(
                "expected a server that takes token ids, found one that takes texts alone, which may be other ids"
            )
        prompt: list[int] = ids.tolist()
        greedy = self._with_ids(prompt, n_gen).ids if n_gen else []
        known = greedy is not None and len(greedy) == n_gen
        return {"nll_mean": self._nll_mean(prompt), "logits": None, "greedy": greedy if known else None}

    def _nll_mean(self, ids: list[int]) -> float | None:
        """Of ids[1:], where the server repeats the prompt with the logarithms of its probabilities."""
        try:
            told = self._ask(ids, 1, logprobs=1, echo=True)
        except ServerError:  # whoever does not know it refuses, or fails
            return None
        found = told.logprobs[1 : len(ids)]
        return -sum(found) / len(found) if found and len(found) == len(ids) - 1 else None

    def describe(self, answer: Answer) -> None:
        """All that is known by then: of a measurement once at its end."""
        dialect = self._greeting.dialect
        hits = any(n > _START for n in self._n_cached)
        met = {TEXT_PROMPTS: dialect.prompts == "text", PREFIX_CACHE_HIT: hits, OTHER_MACHINE: self._is_remote()}
        flags = {MODEL_CLAIMED.name, UNIQUE_PROMPTS.name, *self._flags, *(flag.name for flag in met if met[flag])}
        answer.resolved, answer.flags, answer.ids = Ran("server", "", ""), sorted(flags), self._ids
        answer.variants = {"prompts": dialect.prompts, "fields": dialect.fields}
        if self._counted_by:
            answer.variants["tokens counted by"] = " and ".join(sorted(self._counted_by))
        answer.versions |= self.versions()

    def _is_remote(self) -> bool:
        return self._arguments["remote"] == "true"


def _hear(heard: Heard, found: Received) -> bool:
    """Tell of a part of an answer, unless it begins with several tokens: from when the first is there nobody knows."""
    if found.first is not None and found.first > 1:
        return False
    heard(_NO_IDS)
    return True
