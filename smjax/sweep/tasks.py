"""What a worker is asked, in the words of the process border; the launcher adds where and when it was started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smjax.core.host import simd_levels
from smjax.core.scenario import Scenario


def measure_task(scenario: Scenario, environment: Mapping[str, Any]) -> dict[str, Any]:
    """Measure the scenario."""
    return {"task": "measure", **_about(scenario, environment)}


def eval_task(scenario: Scenario, ids: Sequence[int], environment: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one prompt."""
    return {"task": "eval", "ids": list(ids), **_about(scenario, environment)}


def _about(scenario: Scenario, environment: Mapping[str, Any]) -> dict[str, Any]:
    """The scenario and what the supervisor knows about the CPU, so that no worker spends a second on asking it."""
    levels = simd_levels(environment)
    best = levels[-1] if levels else "auto"
    return {
        "scenario": scenario.to_json(),
        "isa": best if scenario.isa == "auto" else scenario.isa,
        "simd": environment["cpu"]["simd"],
    }
