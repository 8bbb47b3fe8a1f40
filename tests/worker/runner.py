"""A compiled engine asked for logits, where the engine itself answers with ids."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np

from smjax.core.model import Model
from smjax.worker.model.decoder import logits
from tests.worker.models import loaded_engine


class Runner:
    """The prefill and decode programs of a small scenario."""

    def __init__(self, model: Model, **changes: Any) -> None:
        self.engine = loaded_engine(model, **changes)
        self.engine.compile()
        self._logits = jax.jit(partial(logits, self.engine.config, self.engine.kernel))

    def prefill(self, prompt: np.ndarray) -> np.ndarray:
        """f32[V] after the prompt."""
        e = self.engine
        e.cache, first_id, hidden = e.prefill_program(e.weights, e.cache, prompt)
        scores = self._scores(hidden)
        assert int(first_id) == scores.argmax()
        return scores

    def decode(self, ids: np.ndarray, start: int) -> np.ndarray:
        """f32[T, V] after each of `ids`, which stand at the positions from `start` on, one step a token."""
        return np.stack([self._step(token, start + i) for i, token in enumerate(ids)])

    def _step(self, token: int, position: int) -> np.ndarray:
        e, one = self.engine, np.int32(1)
        e.cache, ids, hidden = e.decode_program(e.weights, e.cache, np.int32(token), np.int32(position), one)
        scores = self._scores(hidden)
        assert int(ids[0]) == scores.argmax()
        return scores

    def _scores(self, hidden: jax.Array) -> np.ndarray:
        return np.asarray(self._logits(self.engine.weights, hidden[None])[0])
