"""What is done once for a scenario before any of the sweep's processes is timed, and is then the same for all.

A worker that compiles takes 80 to 130 MB for it and gives little of it back, more than a small model needs (measured
with jaxlib 0.10.2), and one that tuned would choose anew in every process: so an engine's steps run in processes of
their own.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from smjax.core.engines import Host, StepAhead
from smjax.core.models.export import exported
from smjax.core.models.source import Model
from smjax.core.records.document import digest
from smjax.core.records.hello import Hello
from smjax.core.records.request import Request
from smjax.core.records.resolved import Resolved
from smjax.sweep.ahead.cache import cache_folder, models_folder, recall, remember
from smjax.sweep.plan.identity import identity_parts
from smjax.sweep.process.launcher import Launcher, OnPhase
from smjax.sweep.request.resolve import engine_of, needs_export

Prepared = dict[str, Any]
"""What each step found out, by its name."""


@dataclass(frozen=True)
class Ahead:
    """What every replicate of a scenario is handed."""

    prepared: Prepared
    cache_dir: Path | None
    """Where its engine finds what it has compiled."""
    identity: dict[str, str]
    model_file: str | None = None
    """Of a preset, for an engine that reads files alone."""
    failed: tuple[str, ...] = ()
    """Steps that were not taken, each with why."""


def get_ready(
    resolved: Resolved, model: Model, host: Host, there: Hello, launcher: Launcher, on_phase: OnPhase
) -> Ahead:
    """Take the steps of the scenario's engine in its interpreter `there`, as far as they were not taken before.

    A step that fails is no error here: the scenario's workers do without it, or meet the same.
    Raises RequestError where a preset's file cannot be written.
    """
    engine = engine_of(resolved.scenario)
    wanted = [step for step in engine.ahead if step.wanted(resolved)]
    folder = cache_folder(engine.name, host["host"], there.engines[engine.name].libraries) if wanted else None
    kept = folder if resolved.scenario.measure.compile_cache else None
    prepared, failed = Prepared(), list[str]()
    for step in wanted:
        if kept or not step.fills_cache:
            request = Request("ahead", resolved, dict(prepared), None if kept is None else str(kept), step.name)
            path = folder / step.name / f"{_key(step, request, model, there)}.json" if folder and step.is_kept else None
            found = recall(path) if path else None
            if found is None:
                found, why_not = _take(request, launcher, on_phase)
                failed += [f"{step.name}: {why_not}"] if why_not else []
                if path and found is not None:
                    remember(path, found)
            prepared[step.name] = (found or {}).get("prepared", {})
    identity = identity_parts(resolved, {"weights": model.hash}, host, there, prepared)
    return Ahead(prepared, kept, identity, model_file(resolved, model), tuple(failed))


def model_file(resolved: Resolved, model: Model) -> str | None:
    """The file of a preset for an engine that reads files alone, made where it is not there yet; else None."""
    return str(exported(model, models_folder())) if needs_export(resolved.scenario) else None


def _take(request: Request, launcher: Launcher, on_phase: OnPhase) -> tuple[dict[str, Any] | None, str]:
    """What the step finds out, and its notes; where it fails None, and why."""
    timeout_s = request.resolved.scenario.measure.timeout_s
    outcome = launcher.run(request, timeout_s, lambda phase: on_phase(f"{phase}, ahead of the measurement"))
    if outcome.status != "ok":
        return None, f"{outcome.status}: {outcome.reason}".removesuffix(": ")
    return {"prepared": outcome.answer.prepared, "notes": outcome.answer.notes}, ""


def _key(step: StepAhead, request: Request, model: Model, there: Hello) -> str:
    """A digest of everything that the step's result depends on: shapes and encodings, but no weights."""
    resolved, scenario = request.resolved, request.resolved.scenario
    engine = there.engines[scenario.engine]
    return digest(
        {
            "scenario": {name: getattr(scenario, name) for name in step.depends_on},
            "resolved": [scenario.engine, resolved.kernel, resolved.isa, resolved.simd, resolved.kv_dtype],
            "decoder": asdict(model.config),
            "encodings": {name: info.encoding.name for name, info in model.tensors.items()},
            "prepared": request.prepared,
            "packages": {name: there.packages.get(name) for name in engine.packages},
            "files": [engine.files, engine.libraries],
        }
    )
