"""What runs a model: the one protocol that the worker drives, and its implementations.

A second engine is one new module with a class like `smjax.SmjaxEngine` and one entry in `ENGINES`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from smjax.core.models.source import Model
from smjax.core.records.scenario import Scenario
from smjax.worker.engines.handicap import Handicapped
from smjax.worker.engines.smjax.engine import SmjaxEngine
from smjax.worker.kernels import Setup


class Engine(Protocol):
    """A model ready to be timed. Nothing but `prefill` and `decode` is called while a clock runs."""

    def load(self) -> None:
        """Bring the weights into memory, in the layout that is computed with."""

    def compile(self) -> None:
        """Do everything that the first answer would otherwise pay for, except answering."""

    def prefill(self, prompt: np.ndarray) -> int:
        """The first generated id after `prompt`, int32[n_prompt], in an emptied cache."""

    def decode(self, n_ids: int) -> Iterator[np.ndarray]:
        """The next `n_ids` ids, int32[up to tokens_per_dispatch] at a time as they reach the host."""

    def check(self, prompt: np.ndarray) -> dict[str, float]:
        """The errors that it saw in proving itself right, after a prefill of `prompt`; raises CheckFailedError."""

    def evaluate(self, ids: np.ndarray, n_gen: int) -> dict[str, Any]:
        """`nll_mean` (nats of ids[1:] given their prefixes), `logits` after the last id, `greedy` ids after it."""

    def read_bandwidth(self) -> float | None:
        """Bytes a second at which its threads read what one step reads; None where that cannot be measured."""

    def describe(self) -> dict[str, Any]:
        """What was chosen (`resolved`, `variants` by shape), and the bytes of weights, cache and one step."""


ENGINES = {"smjax": SmjaxEngine}


def make_engine(scenario: Scenario, model: Model, setup: Setup) -> Engine:
    """The engine of a scenario, with the kernel and the machine that `setup` describes."""
    engine: Engine = ENGINES[scenario.engine](scenario, model, setup)
    share = scenario.measure.handicap
    return Handicapped(engine, share) if share else engine
