"""A compiled engine asked for logits, where the engine itself answers with ids."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np

from smjax.core.models.source import Model
from smjax.worker.engines.smjax.programs import hidden_of, initial_state
from smjax.worker.model.decoder import logits
from tests.worker.models import loaded_engine


class Runner:
    """The prefill and decode programs of a small scenario, one token a dispatch."""

    def __init__(self, model: Model, **changes: Any) -> None:
        self.engine = loaded_engine(model, **changes)
        self.engine.compile()
        self._logits = jax.jit(partial(logits, self.engine.config, self.engine.kernel))

    def prefill(self, prompt: np.ndarray) -> np.ndarray:
        """f32[V] after the prompt."""
        return self._scores(self.engine.prefill(prompt))

    def decode(self, ids: np.ndarray, start: int) -> np.ndarray:
        """f32[T, V] after each of `ids`, which stand at the positions from `start` on, one step a token."""
        return np.stack([self._step(token, start + i) for i, token in enumerate(ids)])

    def _step(self, token: int, position: int) -> np.ndarray:
        self.engine.state = jax.device_put(initial_state(self.engine.config, token, position))
        (chosen,) = next(self.engine.decode(1))
        return self._scores(int(chosen))

    def _scores(self, chosen: int) -> np.ndarray:
        """The scores of what ran last, whose best is the id that it chose."""
        hidden = hidden_of(np.asarray(self.engine.state))
        scores = np.asarray(self._logits(self.engine.weights, hidden[None])[0])
        assert chosen == scores.argmax()
        return scores
