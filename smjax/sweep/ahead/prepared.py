"""What is done once for a scenario before any of the sweep's processes is timed, and is then the same for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smjax.core.models.source import Model
from smjax.core.records.scenario import Scenario
from smjax.sweep.ahead.compile_ahead import compile_ahead
from smjax.sweep.ahead.tune_ahead import tune_ahead
from smjax.sweep.plan.identity import identity_parts


@dataclass(frozen=True)
class Ahead:
    """What every replicate of a scenario is handed."""

    choices: dict[str, str]
    """Variants of the kernel's products, by shape."""
    cache_dir: Path | None
    """Where its programs are, compiled."""
    identity: dict[str, str]


def get_ready(
    scenario: Scenario, model: Model, environment: Mapping[str, Any], on_phase: Callable[[str], None]
) -> Ahead:
    """Tune and compile, where that was not done before."""
    choices = tune_ahead(scenario, model, environment, on_phase)
    cache_dir = compile_ahead(scenario, model, environment, on_phase, choices)
    return Ahead(choices, cache_dir, identity_parts(scenario, model, environment, choices))
