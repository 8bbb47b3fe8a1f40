"""Judges all scenarios of a request together, before any worker is started."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.core.engines import ENGINES, Host
from smjax.core.errors import RequestError
from smjax.core.machine.host import available_bytes
from smjax.core.models.config import KV_ELEMENT_BYTES
from smjax.core.models.source import Model, open_model, weight_bytes
from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Scenario, check_scenario
from smjax.sweep.request.interpreters import Interpreters
from smjax.sweep.request.resolve import engine_of, resolve

ModelKey = tuple[str, str | None, int]


def model_key(scenario: Scenario) -> ModelKey:
    """What a scenario's model depends on."""
    return scenario.model, scenario.model_path, scenario.seed


def resolve_all(
    scenarios: Sequence[Scenario], host: Host, interpreters: Interpreters | None = None
) -> tuple[list[Resolved], dict[ModelKey, Model]]:
    """The scenarios with nothing left open, and their models; without `interpreters` all are of this one.

    Raises RequestError for the first scenario that cannot be served on this host.
    """
    check_arguments(scenarios)
    models: dict[ModelKey, Model] = {}
    found = []
    for scenario in scenarios:
        key = model_key(scenario)
        if key not in models:
            _check_seed(scenario)
            models[key] = open_model(*key)
        check_scenario(scenario, models[key].config.ctx_train)
        resolved = resolve(scenario, host, interpreters.of(scenario) if interpreters else None)
        check_engine(resolved, models[key])
        check_memory(resolved, models[key], available_bytes())
        check_strict(scenario, host)
        found.append(resolved)
    return found, models


def check_arguments(scenarios: Sequence[Scenario]) -> None:
    """Raise RequestError for an argument that no engine of the request has; those that have it not do without."""
    engines = dict.fromkeys(engine_of(scenario) for scenario in scenarios)
    known = dict.fromkeys(one.name for engine in engines for one in engine.arguments)
    for name in (name for scenario in scenarios for name in scenario.engine_args if name not in known):
        having = [spec.name for spec in ENGINES.values() if name in (one.name for one in spec.arguments)]
        asked = " and ".join(engine.name for engine in engines)
        if not having:
            told = ", ".join(known) or "none"
            raise RequestError(f"engine_args.{name}: expected a setting of {asked} ({told}), found none of that name")
        raise RequestError(f"engine_args.{name}: expected engine={' or '.join(having)} with it, found {asked}")


def check_strict(scenario: Scenario, host: Host) -> None:
    """Raise RequestError for more threads than cores where that is not to be flagged but refused."""
    if scenario.measure.strict and is_oversubscribed(scenario, host):
        raise RequestError(
            f"threads: expected at most as many as cores with measure.strict=true, found {scenario.threads}; use fewer"
        )


def is_oversubscribed(scenario: Scenario, host: Host) -> bool:
    """Whether there are more threads than cores for them, of the host or of a container's quota; a server's are its."""
    if ENGINES[scenario.engine].is_client:
        return False
    limits = (host["cpu"]["usable_cores"], host["cpu"]["cgroup_quota_cores"])
    return any(limit is not None and scenario.threads > limit for limit in limits)


def check_engine(resolved: Resolved, model: Model) -> None:
    """Raise RequestError unless the scenario's engine can do all that is asked for at once, with the model."""
    if why_not := ENGINES[resolved.scenario.engine].why_not(resolved, model):
        raise RequestError(why_not)


def check_memory(resolved: Resolved, model: Model, free_bytes: int) -> None:
    """Raise RequestError unless the scenario fits into `free_bytes`."""
    scenario, spec = resolved.scenario, ENGINES[resolved.scenario.engine]
    cache_bytes = model.config.kv_bytes(scenario.ctx, KV_ELEMENT_BYTES.get(resolved.kv_dtype, 4))
    loaded_bytes = 0 if spec.is_client else spec.per_weight_byte * weight_bytes(model) + cache_bytes
    needed_bytes = spec.worker_bytes + loaded_bytes
    if needed_bytes > free_bytes:
        raise RequestError(
            f"memory: expected {needed_bytes / 1e6:,.0f} MB for {model.name} with ctx={scenario.ctx}, "
            f"found {free_bytes / 1e6:,.0f} MB free; use a smaller model or ctx, or free memory"
        )


def _check_seed(scenario: Scenario) -> None:
    """A preset is made from the seed when it is opened, so the seed is judged before that."""
    if scenario.seed < 0:
        raise RequestError(f"seed: expected at least 0, found {scenario.seed}")
