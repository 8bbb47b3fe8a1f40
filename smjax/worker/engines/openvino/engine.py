"""OpenVINO as an engine: it computes and chooses ids by itself, and is heard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from smjax.core.models.config import KV_ELEMENT_BYTES
from smjax.core.models.source import Model, weight_bytes
from smjax.core.records.answer import Answer, Memory, Ran
from smjax.core.records.request import Request
from smjax.worker.engines import Engine, Heard
from smjax.worker.engines.agreement import CheckFailedError
from smjax.worker.engines.openvino import build
from smjax.worker.engines.openvino.library import OpenVinoError, Pipeline, Settings, prompt_nll
from smjax.worker.engines.reading import read_as_much, weights_read

CHECKED_PROMPT, CHECKED_IDS = 512, 4
"""So many of a prompt's last ids, answered with so many; it takes as long as nine such prompts."""
AGREEMENT_NATS_MAX = 0.15
"""Rounding gives up to 0.08, the most where weights are noise; an id less in the prompt 0.05 to 1."""


class OpenVinoEngine(Engine):
    """See `smjax.worker.engines.Engine`."""

    def __init__(self, request: Request, model: Model, path: Path) -> None:
        self.request, self.model, self.path = request, model, path
        scenario = request.resolved.scenario
        self.settings = Settings(
            ctx=scenario.ctx,
            threads=scenario.threads,
            kv_dtype=request.resolved.kv_dtype,
            attention=scenario.engine_args["attention"],
            precision=scenario.engine_args["precision"],
            dynamic_quantization=scenario.engine_args["dynamic_quantization"],
        )
        self.pipeline: Pipeline

    def versions(self) -> dict[str, str]:
        return build.versions()

    def load(self) -> None:
        """And compile: both are done at once."""
        self.pipeline = Pipeline(self.path, self.settings)
        self._check_settings()

    def _check_settings(self) -> None:
        """What the CPU has not got is computed otherwise without a word; what is not told is not known."""
        for name, asked in self.settings.properties().items():
            found = self.pipeline.properties.get(name, "nothing that it says of it")
            if not isinstance(asked, bool) and found != str(asked):
                hint = "it takes no more threads than CPUs, and no type that they have not got"
                raise OpenVinoError(f"{name}: expected {asked}, as was asked for, found {found}; {hint}")

    def answer(self, prompt: np.ndarray, n_ids: int, heard: Heard) -> None:
        self.pipeline.answer(prompt, n_ids, heard)

    def check(self, prompt: np.ndarray) -> dict[str, float]:
        prompt = prompt[-CHECKED_PROMPT:]
        sums = [self.pipeline.scored(prompt, n)[1] for n in range(1, CHECKED_IDS + 2)]
        ids, _ = self.pipeline.scored(prompt, CHECKED_IDS + 1)
        decoded = list(zip(ids[1:], np.diff(sums), strict=True))
        prefixes = (np.append(prompt, np.array(ids[: i + 1], np.int32)) for i in range(CHECKED_IDS))
        return {"prefill_decode_nats": check_ids(decoded, [self._next(prefix) for prefix in prefixes])}

    def _next(self, prefix: np.ndarray) -> tuple[int, float]:
        """The id after it, and its log-probability."""
        (token,), nats = self.pipeline.scored(prefix, 1)
        return token, nats

    def evaluate(self, ids: np.ndarray, n_gen: int) -> dict[str, Any]:
        greedy: list[int] = []
        if n_gen:
            self.answer(ids, n_gen, lambda found: greedy.extend(found.tolist()))
        scores_prompts = self.settings.attention == "pa" and len(ids) > 1
        nll_mean = prompt_nll(self.path, self.settings, ids) if scores_prompts else None
        return {"nll_mean": nll_mean, "logits": None, "greedy": greedy}

    def read_bandwidth(self) -> float | None:
        return read_as_much(self._step_bytes(), self.request)

    def _step_bytes(self) -> int:
        filled = self.request.resolved.scenario.middle
        return weights_read(self.model) + self.model.config.kv_step_bytes(filled, self._kv_element_bytes)

    @property
    def _kv_element_bytes(self) -> float:
        return KV_ELEMENT_BYTES[self.settings.kv_dtype]

    def describe(self, answer: Answer) -> None:
        properties = self.pipeline.properties
        answer.resolved = Ran("cpu_plugin", build.isa(properties), self.settings.kv_dtype)
        answer.variants = {"attention": self.settings.attention, **build.formulation(properties)}
        answer.memory = Memory(
            weight_bytes(self.model),
            kv_bytes=self.model.config.kv_bytes(self.settings.n_positions, self._kv_element_bytes),
        )
        answer.bytes_per_token = self._step_bytes()


def check_ids(decoded: Sequence[tuple[int, float]], prefilled: Sequence[tuple[int, float]]) -> float:
    """Largest difference in nats of the same ids computed one by one and as ends of a prompt; raises CheckFailedError.

    Where two ids are nearly as good, either may be the best.
    """
    pairs = list(zip(decoded, prefilled, strict=True))
    error = max(abs(one[1] - other[1]) for one, other in pairs)
    if not error <= AGREEMENT_NATS_MAX:  # also where it is not a number
        expected = f"log-probabilities within {AGREEMENT_NATS_MAX}"
        raise CheckFailedError(f"prefill and decode disagree: expected {expected}, found {error:.3g}")
    n_others = sum(one[0] != other[0] for one, other in pairs)
    if n_others > len(pairs) // 2:
        raise CheckFailedError(
            f"prefill and decode disagree: expected the same ids, found {n_others} of {len(pairs)} others"
        )
    return error
