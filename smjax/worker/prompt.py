"""The prompt that is measured with: speed does not depend on what it says, a check of answers on its being the same."""

from __future__ import annotations

import numpy as np

from smjax.core.records.scenario import Scenario


def seeded_prompt(scenario: Scenario, n_vocab: int) -> np.ndarray:
    """int32[n_prompt] ids, the same for the same seed on every machine."""
    return np.random.default_rng(scenario.seed).integers(0, n_vocab, scenario.n_prompt, dtype=np.int32)
