"""Puts a record together from what the supervisor knows and what the worker sent."""

from __future__ import annotations

from typing import Any

from smjax import __version__
from smjax.core.model import Model, weight_bytes
from smjax.core.record import record_id
from smjax.core.schema import SCHEMA_VERSION
from smjax.sweep.launcher import Outcome
from smjax.sweep.plan import Run


def make_record(run: Run, model: Model, environment: dict[str, Any], date: str, outcome: Outcome) -> dict[str, Any]:
    """The record of one worker process that was started at `date`."""
    sent = outcome.result
    return {
        **sent,
        "schema": SCHEMA_VERSION,
        "id": record_id(run.scenario, model.hash, run.replicate),
        "provenance": "measured",
        "date": date,
        "replicate": run.replicate,
        "scenario": run.scenario.to_json(),
        "host": environment["host"],
        "smjax": __version__,
        "environment": environment,
        "status": outcome.status,
        "reason": outcome.reason,
        "wall_ns": outcome.wall_ns,
        "model": {**describe(model), **(sent.get("model") or {})},
        "flags": sorted({*(sent.get("flags") or ()), *supervisor_flags(run, environment)}),
    }


def describe(model: Model) -> dict[str, Any]:
    """What a record says about its model, known without loading it."""
    return {
        "name": model.name,
        "hash": model.hash,
        "family": model.config.family,
        "ctx_train": model.config.ctx_train,
        "weight_bytes": weight_bytes(model),
    }


def supervisor_flags(run: Run, environment: dict[str, Any]) -> set[str]:
    """What a reader must know and only the supervisor sees."""
    cpu = environment["cpu"]
    limits = [limit for limit in (cpu["usable_cores"], cpu["cgroup_quota_cores"]) if limit is not None]
    return {"oversubscribed"} if any(run.scenario.threads > limit for limit in limits) else set()
