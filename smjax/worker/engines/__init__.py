"""What runs a model: the one protocol that the worker drives.

An engine is a folder here, or another package's module, with a function `make`; its spec is data, see
`smjax.core.engines`. Only the one that a worker was asked for is imported.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from smjax.core.models.source import Model
from smjax.core.records.answer import Answer
from smjax.core.records.profile import Counted, Profile
from smjax.core.records.request import Request
from smjax.worker.engines.handicap import Handicapped

Heard = Callable[[np.ndarray], None]
"""Is told ids the moment that they are on the host, int32[up to tokens_per_dispatch]; none where there are tokens whose
ids are not known, or are not those of the prompt's answer."""


@dataclass(frozen=True)
class Took:
    """What an engine says of an answer that it only asked for."""

    started_ns: int
    """When it had done what is its own affair and asked, on the clock that answers are timed with."""
    is_each_heard: bool
    """Whether each token was told by itself."""


class Engine(Protocol):
    """A model ready to be timed. Nothing but `answer` is called while a clock runs.

    A class that inherits it need not have what has a body here; one that computes when it is asked to, a dispatch at a
    time, inherits `stepwise.Stepwise`, which has `answer`.
    """

    choice_ns: int | None = None
    """Of the newest answer after its first id: what choosing ids on the host took; None where the program that scores
    them chooses."""

    def versions(self) -> dict[str, str]:
        """Of what computes, as it says of itself, by package; asked once the first answer is there."""
        return {}

    def load(self) -> None:
        """Bring the weights into memory, in the layout that is computed with."""
        return

    def compile(self) -> None:
        """Do everything that the first answer would otherwise pay for, except answering."""
        return

    def answer(self, prompt: np.ndarray, n_ids: int, heard: Heard) -> Took | None:
        """Answer `prompt`, int32[n_prompt], in an emptied cache with `n_ids` ids: the first alone, then the others.

        None where that began with the call, and all dispatches were told.
        """

    def check(self, prompt: np.ndarray) -> dict[str, float]:
        """The errors that it saw in proving that it answers `prompt` right; raises where it does not."""

    def evaluate(self, ids: np.ndarray, n_gen: int) -> dict[str, Any]:
        """`nll_mean` (nats of ids[1:] given their prefixes), `logits` after the last id, `greedy` ids after it.

        None for what it does not give.
        """

    def read_bandwidth(self) -> float | None:
        """Bytes a second at which its threads read what one step reads; None where that cannot be measured.

        It may raise MemoryError or ValueError where there is no room or are no more threads, which is no failure.
        """
        return None

    def describe(self, answer: Answer) -> None:
        """Put into `answer` what it computes with, what it had to compile, and bytes: of weights, cache, one step."""

    def profile(self, prompt: np.ndarray) -> Profile:
        """Where the time of a decode step, and of the prefill of `prompt`, goes; only smjax's own is asked."""
        raise AssertionError("smjax's own is asked")

    def count(self, prompt: np.ndarray) -> Counted:
        """What the CPU does in the parts of both; asked where a profile says that it can be counted."""
        raise AssertionError("smjax's own is asked")

    def ahead(self, step: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Take one of its spec's steps: what the workers of the scenario are handed, and notes on how it came to be."""
        raise AssertionError(f"its spec has no step {step}")


def make_engine(request: Request, model: Model) -> Engine:
    """The engine that the request asks for; nothing else that could run a model is imported."""
    module = importlib.import_module(request.resolved.module or f"{__name__}.{request.resolved.scenario.engine}")
    engine: Engine = module.make(request, model)
    share = request.resolved.scenario.measure.handicap
    return Handicapped(engine, share) if share else engine
