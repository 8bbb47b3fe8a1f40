"""Where a token and a prompt go, found out in the process that computes them.

With the native kernel by the stamps of its threads, with `xla` by programs that stop after each part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from smjax.core.records.profile import Profile
from smjax.worker.engines.smjax.profile import differences, stamps
from smjax.worker.engines.smjax.profile.counters import why_not_counted
from smjax.worker.engines.smjax.profile.needs import needs
from smjax.worker.engines.smjax.programs import chunks

if TYPE_CHECKING:
    from smjax.worker.engines.smjax.engine import SmjaxEngine


def profile(engine: SmjaxEngine, prompt: np.ndarray) -> Profile:
    """Of an engine that has answered `prompt` once."""
    scenario, (_, n_chunks) = engine.scenario, chunks(len(prompt))
    found = (stamps if engine.kernel.name == "native" else differences).profile(engine, prompt)
    found.decode.needs = needs(engine.config, engine.weights, scenario.middle, scenario.kv_dtype)
    found.prefill.needs = needs(engine.config, engine.weights, len(prompt), scenario.kv_dtype, len(prompt), n_chunks)
    found.no_counts = why_not_counted()
    return found
