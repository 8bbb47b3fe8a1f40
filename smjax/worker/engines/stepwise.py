"""Engines that compute a dispatch when they are asked to, and nothing in between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from smjax.worker.engines import Engine, Heard


class Stepwise(Engine, Protocol):
    """Answers by prefill and decode; see `smjax.worker.engines.Engine`."""

    def prefill(self, prompt: np.ndarray) -> int:
        """The first generated id after `prompt`, int32[n_prompt], in an emptied cache."""
        ...

    def decode(self, n_ids: int) -> Iterator[np.ndarray]:
        """The next `n_ids` ids, int32[up to tokens_per_dispatch] at a time as they reach the host."""
        ...

    def answer(self, prompt: np.ndarray, n_ids: int, heard: Heard) -> None:
        """Hand over the first id, and then what each dispatch gives."""
        heard(np.array([self.prefill(prompt)], np.int32))
        for ids in self.decode(n_ids - 1):
            heard(ids)
