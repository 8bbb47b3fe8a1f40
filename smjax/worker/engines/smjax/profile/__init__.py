"""Where a token and a prompt go, found out in the process that computes them.

With the native kernel by the stamps of its threads, with `xla` by programs that stop after each part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from smjax.core.native_counters import why_not_counted
from smjax.core.records.profile import Counted, Profile
from smjax.worker.engines.smjax.profile import counts, differences, stamps
from smjax.worker.engines.smjax.profile.needs import needs
from smjax.worker.engines.smjax.programs import chunks

if TYPE_CHECKING:
    from smjax.worker.engines.smjax.engine import SmjaxEngine

_NOT_OF_PROGRAMS = "they are counted at stamps, and XLA's programs leave none"


def profile(engine: SmjaxEngine, prompt: np.ndarray) -> Profile:
    """Of an engine that has answered `prompt` once."""
    scenario, (_, n_chunks) = engine.scenario, chunks(len(prompt))
    found = (stamps if engine.kernel.name == "native" else differences).profile(engine, prompt)
    found.decode.needs = needs(engine.config, engine.weights, scenario.middle, scenario.kv_dtype)
    found.prefill.needs = needs(engine.config, engine.weights, len(prompt), scenario.kv_dtype, len(prompt), n_chunks)
    found.no_counts = why_not_counted() if engine.kernel.name == "native" else _NOT_OF_PROGRAMS
    return found


def count(engine: SmjaxEngine, prompt: np.ndarray) -> Counted:
    """Of the native kernel, where its threads can be counted."""
    return counts.count(engine, prompt)
