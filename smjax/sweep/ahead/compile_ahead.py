"""Compiles a scenario's programs in a process of their own, before any worker is timed.

A worker that compiles takes 80 to 130 MB for it and gives little of it back, more than a small model needs (measured
with jaxlib 0.10.2). What it loads from JAX's compilation cache instead is the same machine code.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from smjax.core.models.source import Model
from smjax.core.records.scenario import Scenario
from smjax.sweep.plan.identity import digest, sources
from smjax.sweep.process.local import run_worker
from smjax.sweep.process.requests import compile_task


def cache_folder(host: str) -> Path | None:
    """Where compiled programs are kept between sweeps, apart for each kind of host; None where nothing can be kept."""
    try:
        base = os.environ.get("SMJAX_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(base) / "smjax" / "xla" / host
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return folder if os.access(folder, os.W_OK) else None


def compile_ahead(
    scenario: Scenario,
    model: Model,
    environment: Mapping[str, Any],
    on_phase: Callable[[str], None],
    choices: Mapping[str, str],
) -> Path | None:
    """The folder that the scenario's worker loads its programs from; None if it is to compile them itself.

    A program that cannot be compiled is no error here: its worker will meet the same and its record will say so.
    """
    folder = cache_folder(environment["host"]) if scenario.measure.compile_cache else None
    if folder is None:
        return None
    task = compile_task(scenario, environment, folder, choices)
    done = folder / f"{_key(task, model, environment)}.done"
    if not done.exists():
        outcome = run_worker(
            task,
            threads=scenario.threads,
            timeout_s=scenario.measure.timeout_s,
            on_phase=lambda phase: on_phase(f"{phase}, ahead of the measurement"),
        )
        if outcome.status == "ok":
            with contextlib.suppress(OSError):  # on a full disk the next sweep compiles again
                done.touch()
    return folder


def _key(task: Mapping[str, Any], model: Model, environment: Mapping[str, Any]) -> str:
    """A digest of everything that the programs depend on."""
    named = ("ctx", "n_prompt", "threads", "tokens_per_dispatch", "engine", "kv_dtype")
    return digest(
        {
            "scenario": {name: task["scenario"][name] for name in named},
            "decoder": asdict(model.config),
            "encodings": {name: info.encoding.name for name, info in model.tensors.items()},
            "kernel": [task["kernel"], task["isa"], task["simd"], task["choices"]],
            "packages": environment["packages"],
            "sources": sources("worker"),
        }
    )
