"""What makes two worker processes replicates of each other: a digest of all that their figures depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smjax.core.models.source import Model
from smjax.core.native_library import library_path
from smjax.core.records.document import canonical_json
from smjax.core.records.scenario import Scenario
from smjax.sweep.process.requests import measure_task

_PACKAGE = Path(__file__).resolve().parents[2]
_HOW_OFTEN = ("replicates", "target_ci", "budget_s", "strict", "timeout_s")
"""Settings of `measure` that say how often a process runs, and change nothing in one."""


def digest(described: Any) -> str:
    """A short name of everything that is described."""
    return hashlib.sha256(canonical_json(described).encode()).hexdigest()[:32]


def sources(part: str = "") -> list[str]:
    """A digest of each file of smjax, or of one part of it, and of the native library that goes with it."""
    paths = [*sorted((_PACKAGE / part).rglob("*.py")), *filter(None, [library_path()])]
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]


def settings(scenario: Scenario) -> dict[str, Any]:
    """What a process of the scenario is asked for; neither how many there are nor where its file lies counts."""
    asked = {name: value for name, value in scenario.to_json().items() if name != "model_path"}
    measure = {name: value for name, value in asked["measure"].items() if name not in _HOW_OFTEN}
    return asked | {"measure": measure}


def identity_parts(
    scenario: Scenario, model: Model, environment: Mapping[str, Any], choices: Mapping[str, str]
) -> dict[str, str]:
    """What a replicate's identity is made of, each part as a digest or as it is."""
    task = measure_task(scenario, environment, None, choices)
    chosen = {name: task[name] for name in ("kernel", "isa", "simd", "choices")}
    return {
        "settings": digest([settings(scenario), chosen]),
        "weights": model.hash,
        "smjax's files": digest(sources()),
        "jaxlib": environment["packages"]["jaxlib"],
        "host": environment["host"],
    }
