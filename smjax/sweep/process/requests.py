"""What a worker is asked, in the words of the process border; the launcher adds where and when it was started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from smjax.core.machine.simd import limited_simd
from smjax.core.records.scenario import Scenario
from smjax.sweep.request.choice import choose


def measure_task(
    scenario: Scenario, environment: Mapping[str, Any], cache_dir: Path | None, choices: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Measure the scenario with the tuned `choices`, with programs from the compilation cache where there is one."""
    return {"task": "measure", **_about(scenario, environment), **_cache(cache_dir), "choices": dict(choices or {})}


def compile_task(
    scenario: Scenario, environment: Mapping[str, Any], cache_dir: Path | None, choices: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Compile the scenario's programs into the cache."""
    return {"task": "compile", **_about(scenario, environment), **_cache(cache_dir), "choices": dict(choices or {})}


def tune_task(scenario: Scenario, environment: Mapping[str, Any]) -> dict[str, Any]:
    """Choose the fastest variant of the kernel's products for each shape of the scenario's model."""
    return {"task": "tune", **_about(scenario, environment)}


def eval_task(scenario: Scenario, ids: Sequence[int], environment: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one prompt."""
    return {"task": "eval", "ids": list(ids), **_about(scenario, environment)}


def _about(scenario: Scenario, environment: Mapping[str, Any]) -> dict[str, Any]:
    """The scenario and what the supervisor knows about the CPU, so that no worker spends a second on asking it."""
    chosen = choose(scenario, environment)
    simd = limited_simd(environment["cpu"]["simd"], chosen.isa)
    return {"scenario": scenario.to_json(), "kernel": chosen.kernel, "isa": chosen.isa, "simd": simd}


def _cache(folder: Path | None) -> dict[str, Any]:
    return {"cache_dir": None if folder is None else str(folder)}
