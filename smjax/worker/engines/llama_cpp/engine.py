"""llama.cpp as an engine: every id is computed by its library and chosen here, each timed apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np

from smjax.core.models.config import KV_ELEMENT_BYTES
from smjax.core.models.source import Model
from smjax.core.records.answer import Answer, Memory, Ran
from smjax.core.records.request import Request
from smjax.worker.engines.agreement import CHECKED_POSITIONS, check_agreement
from smjax.worker.engines.llama_cpp import build, library
from smjax.worker.engines.llama_cpp.library import Context, Settings, Weights
from smjax.worker.engines.reading import read_as_much, weights_read
from smjax.worker.engines.stepwise import Stepwise

SCORED = 64
"""Positions of a text that are scored at once: their scores are as many times the vocabulary."""


class LlamaCppEngine(Stepwise):
    """See `smjax.worker.engines.Engine`."""

    def __init__(self, request: Request, model: Model, path: Path) -> None:
        library.start()
        resolved = request.resolved
        self.request, self.scenario = request, resolved.scenario
        self.model, self.path = model, path
        arguments = self.scenario.engine_args
        self.is_mapped = arguments["mmap"] == "true"
        self.settings = Settings(
            self.scenario.ctx, self.scenario.threads, resolved.kv_dtype, flash_attn=arguments["flash_attn"]
        )
        self.weights: Weights
        self.context: Context
        self.last = 0
        """The newest id, which is not in the cache yet."""
        self.choice_ns: int = 0

    def versions(self) -> dict[str, str]:
        return build.versions()

    def load(self) -> None:
        self.weights = Weights(self.path, self.is_mapped)

    def compile(self) -> None:
        self.context = Context(self.weights, self.settings)

    def prefill(self, prompt: np.ndarray) -> int:
        self.context.keep(0)
        self.context.compute(prompt)
        self._choose()
        self.choice_ns = 0
        return self.last

    def decode(self, n_ids: int) -> Iterator[np.ndarray]:
        for _ in range(n_ids):
            self.context.compute_one(self.last)
            started = perf_counter_ns()
            self._choose()
            self.choice_ns += perf_counter_ns() - started
            yield np.array([self.last], np.int32)

    def _choose(self) -> None:
        self.last = int(self.context.scores().argmax())

    def check(self, prompt: np.ndarray) -> dict[str, float]:
        self.prefill(prompt)
        prefilled = self.context.scores().copy()
        start = max(0, len(prompt) - CHECKED_POSITIONS)
        self.context.keep(start)
        for token in prompt[start:]:
            self.context.compute_one(token)
        return {"prefill_decode_nmse": check_agreement(self.context.scores(), prefilled)}

    def evaluate(self, ids: np.ndarray, n_gen: int) -> dict[str, Any]:
        self.compile()
        nll, scores = self._scored(ids)
        greedy = [int(scores.argmax())][:n_gen]
        self.last = int(scores.argmax())
        greedy += [int(i) for chunk in self.decode(n_gen - 1) for i in chunk]
        nll_mean = float(np.mean(nll)) if nll else None
        return {"nll_mean": nll_mean, "logits": [float(x) for x in scores], "greedy": greedy}

    def _scored(self, ids: np.ndarray) -> tuple[list[float], np.ndarray]:
        """Minus log-likelihoods of ids[1:] in nats, and f32[V] after the last id."""
        nll: list[float] = []
        for first in range(0, len(ids), SCORED):
            scores = self.context.scores_of_each(ids[first : first + SCORED])
            largest = scores.max(axis=1, keepdims=True)
            log_sums = np.log(np.exp((scores - largest).astype(np.float64)).sum(axis=1)) + largest[:, 0]
            targets = ids[first + 1 : first + 1 + len(scores)]
            nll += [float(log_sums[i] - scores[i, target]) for i, target in enumerate(targets)]
        return nll, scores[-1].copy()

    def read_bandwidth(self) -> float | None:
        return read_as_much(self._step_bytes(), self.request)

    def _step_bytes(self) -> int:
        """Of the weights, and of the cache as far as it is filled at the middle of the answer."""
        filled = self.scenario.middle
        return weights_read(self.model) + self.model.config.kv_step_bytes(filled, self._kv_element_bytes)

    @property
    def _kv_element_bytes(self) -> float:
        return KV_ELEMENT_BYTES[self.settings.kv_dtype]

    def describe(self, answer: Answer) -> None:
        answer.resolved = Ran("ggml", build.isa(), self.settings.kv_dtype)
        answer.memory = Memory(
            weight_bytes=self.weights.n_bytes,
            kv_bytes=self.model.config.kv_bytes(self.context.n_ctx, self._kv_element_bytes),
        )
        answer.bytes_per_token = self._step_bytes()
