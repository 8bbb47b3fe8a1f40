"""Which variants of the `xla` kernel's products are the fastest here: measured once, in a process of its own.

Before any replicate is timed, and handed to all of them alike: tuning inside each would make their figures differ.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.files import write_whole
from smjax.core.models.source import Model
from smjax.core.records.document import canonical_json
from smjax.core.records.scenario import Scenario
from smjax.sweep.ahead.compile_ahead import cache_folder
from smjax.sweep.plan.identity import digest, sources
from smjax.sweep.process.local import run_worker
from smjax.sweep.process.requests import tune_task


def tune_ahead(
    scenario: Scenario, model: Model, environment: Mapping[str, Any], on_phase: Callable[[str], None]
) -> dict[str, str]:
    """Variant by shape for the scenario's products; empty, which means the rule of thumb, where nothing is tuned."""
    task = tune_task(scenario, environment)
    if task["kernel"] != "xla":
        return {}
    folder = cache_folder(environment["host"])
    path = None if folder is None else folder / "tuned" / f"{_key(task, model, environment)}.json"
    known = None if path is None else _remembered(path)
    if known is not None:
        return known
    outcome = run_worker(
        task,
        threads=scenario.threads,
        timeout_s=scenario.measure.timeout_s,
        on_phase=lambda phase: on_phase(f"{phase}, ahead of the measurement"),
    )
    choices = dict(outcome.result.get("choices") or {}) if outcome.status == "ok" else {}
    if path is not None and choices:
        with contextlib.suppress(RequestError):  # on a full disk the next sweep tunes again
            write_whole(path, canonical_json({"choices": choices, "tuning": outcome.result.get("tuning")}) + "\n")
    return choices


def _remembered(path: Path) -> dict[str, str] | None:
    """What was chosen before; None where there is nothing or nothing that can be read."""
    try:
        choices = json.loads(path.read_bytes())["choices"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return {str(shape): str(name) for shape, name in choices.items()} if isinstance(choices, dict) else None


def _key(task: Mapping[str, Any], model: Model, environment: Mapping[str, Any]) -> str:
    """A digest of shapes, threads, instruction set, packages and sources; the host is the folder."""
    return digest(
        {
            "decoder": asdict(model.config),
            "encodings": {name: info.encoding.name for name, info in model.tensors.items()},
            "threads": task["scenario"]["threads"],
            "isa": [task["isa"], task["simd"]],
            "packages": environment["packages"],
            "sources": sources("worker"),
        }
    )
