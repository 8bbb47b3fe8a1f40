"""What runs a model: the one protocol that the worker drives.

An engine is a folder here with a function `make`, and its spec in `smjax.core.engines`. Only the one that a worker was
asked for is imported.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from smjax.core.models.source import Model
from smjax.core.records.answer import Answer
from smjax.core.records.request import Request
from smjax.worker.engines.handicap import Handicapped


class Engine(Protocol):
    """A model ready to be timed. Nothing but `prefill` and `decode` is called while a clock runs."""

    choice_ns: int | None
    """What choosing ids on the host has taken since the prefill; None where the program that scores them chooses."""

    def versions(self) -> dict[str, str]:
        """Of what computes, as it says of itself, by package; asked once the first answer is there."""

    def load(self) -> None:
        """Bring the weights into memory, in the layout that is computed with."""

    def compile(self) -> None:
        """Do everything that the first answer would otherwise pay for, except answering."""

    def prefill(self, prompt: np.ndarray) -> int:
        """The first generated id after `prompt`, int32[n_prompt], in an emptied cache."""

    def decode(self, n_ids: int) -> Iterator[np.ndarray]:
        """The next `n_ids` ids, int32[up to tokens_per_dispatch] at a time as they reach the host."""

    def check(self, prompt: np.ndarray) -> dict[str, float]:
        """The errors that it saw in proving itself right, after a prefill of `prompt`; raises where it is wrong."""

    def evaluate(self, ids: np.ndarray, n_gen: int) -> dict[str, Any]:
        """`nll_mean` (nats of ids[1:] given their prefixes), `logits` after the last id, `greedy` ids after it."""

    def read_bandwidth(self) -> float | None:
        """Bytes a second at which its threads read what one step reads; None where that cannot be measured.

        It may raise MemoryError or ValueError where there is no room or are no more threads, which is no failure.
        """

    def describe(self, answer: Answer) -> None:
        """Put into `answer` what it computes with, what it had to compile, and bytes: of weights, cache, one step."""

    def ahead(self, step: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Take one of its spec's steps: what the workers of the scenario are handed, and notes on how it came to be."""


def make_engine(request: Request, model: Model) -> Engine:
    """The engine that the request asks for; nothing else that could run a model is imported."""
    module = importlib.import_module(f"smjax.worker.engines.{request.resolved.scenario.engine}")
    engine: Engine = module.make(request, model)
    share = request.resolved.scenario.measure.handicap
    return Handicapped(engine, share) if share else engine
