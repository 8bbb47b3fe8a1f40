"""Puts a record together from what the supervisor knows and what the worker sent."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from smjax.core.engines import ENGINES
from smjax.core.machine.disturbances import disturbances, working_threads
from smjax.core.machine.sharing import OFTEN_PCT, shared_pct
from smjax.core.records.answer import Answer, Bandwidth
from smjax.core.records.columns import SCHEMA_VERSION
from smjax.core.records.document import digest, made_record, record_id
from smjax.core.records.flags import CORE_SHARED, DISTURBED, EMULATED, HANDICAP, OVERSUBSCRIBED
from smjax.core.records.hello import Hello
from smjax.core.records.record import Order, Record
from smjax.core.records.scenario import Scenario
from smjax.core.records.typed import encode
from smjax.sweep.plan.standing import Run
from smjax.sweep.process.launcher import Outcome
from smjax.sweep.request.validate import is_oversubscribed

UNKNOWN_TO_CLIENTS = ("threads", "isa", "kv_dtype")
"""Columns of what was asked for, of which a server may have taken anything."""


@dataclass(frozen=True)
class Stamps:
    """When and after how many others a worker ran, and the machine before and after it."""

    date: str
    """Of its start, UTC, ISO 8601."""
    run: str
    """Of the sweep."""
    order: Order
    readings: dict[str, Any]
    dram: Bandwidth | None = None
    """Of the sweep, with as many threads."""
    best: float | None = None
    """Most additions a cycle that cores of this kind have ever made here; None where they cannot be compared."""


def make_record(
    run: Run,
    about: Mapping[str, Any],
    environment: dict[str, Any],
    there: Hello,
    identity: dict[str, str],
    stamps: Stamps,
    outcome: Outcome,
) -> Record:
    """The record of one worker process of the interpreter `there`, which ran between two readings of the machine.

    `about` is what a record says of what it measured.
    """
    sent = {name: value for name, value in encode(outcome.answer).items() if value not in (None, {}, [])}
    scenario, spec = run.scenario, ENGINES[run.scenario.engine]
    disturbed = disturbances_of(outcome.answer, scenario.threads)
    met = {DISTURBED: bool(disturbed), CORE_SHARED: had_company(outcome.answer, stamps.best)}
    flags = {*(sent.get("flags") or ()), *supervisor_flags(run, environment), *(flag.name for flag in met if met[flag])}
    whole = digest(identity)
    return made_record(
        {
            **sent,
            "schema": SCHEMA_VERSION,
            "id": record_id(run.scenario, whole, run.replicate, run.attempt),
            "provenance": "measured",
            "date": stamps.date,
            "replicate": run.replicate,
            "attempt": run.attempt,
            "order": encode(stamps.order),
            "identity": whole,
            "identity_parts": identity,
            "scenario": run.scenario.to_json(),
            "host": "" if spec.is_elsewhere(scenario) else environment["host"],
            "machine": "" if spec.is_elsewhere(scenario) else environment.get("machine") or "",
            "run": stamps.run,
            "smjax": there.smjax,
            "environment": _environment(environment, there, scenario),
            "unknown": list(UNKNOWN_TO_CLIENTS if spec.is_client else ()),
            "status": outcome.status,
            "reason": outcome.reason,
            "wall_ns": outcome.wall_ns,
            "model": about,
            "dram": None if stamps.dram is None else encode(stamps.dram),
            "readings": {
                **(sent.get("readings") or {}),
                "disturbed": None if spec.is_client else disturbed,
                "around": stamps.readings,
                "best_additions_per_cycle": stamps.best,
            },
            "flags": sorted(flags),
        }
    )


def _environment(environment: dict[str, Any], there: Hello, scenario: Scenario) -> dict[str, Any]:
    """The machine, where that is what computes, and the software of the worker's interpreter.

    Of all that is installed for any engine what this one computes with.
    """
    packages = {name: there.packages.get(name) for name in (*there.engines[scenario.engine].packages, "smjax")}
    machine = {} if ENGINES[scenario.engine].is_elsewhere(scenario) else environment
    return {**machine, "python": there.python, "packages": packages, "git": there.git}


def run_id(earlier: Sequence[Record]) -> str:
    """The id of the sweep that has left the folder's records, of the newest if of several; else a new one."""
    known = [record for record in earlier if record.run]
    if known:
        return max(known, key=lambda record: record.date).run
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def disturbances_of(answer: Answer, threads: int) -> list[str]:
    """What disturbed a worker while it timed answers; nothing where it did not get there."""
    readings = answer.readings
    if readings is None:
        return []
    before, after = readings["before"], readings["after"]
    return disturbances(
        before,
        after,
        readings["own_cpu_ns"],
        max(threads, working_threads(answer.threads.cpu_ns, before, after)),
        readings["involuntary_switches"],
    )


def had_company(answer: Answer, best: float | None) -> bool:
    """Whether somebody unseen was often on a worker's cores; not where nobody looked, or knows the `best` they can do.

    It is no disturbance, for which the process would be repeated: of processes that are chosen by their state neither
    its share of the time nor the median is true.
    """
    if best is None or answer.probes is None:
        return False
    return shared_pct(answer.probes.additions_per_cycle, best) > OFTEN_PCT


def supervisor_flags(run: Run, environment: dict[str, Any]) -> set[str]:
    """What a reader must know and only the supervisor sees."""
    met = {
        HANDICAP: bool(run.scenario.measure.handicap),
        OVERSUBSCRIBED: is_oversubscribed(run.scenario, environment),
        EMULATED: bool(environment["cpu"].get("emulation")) and not ENGINES[run.scenario.engine].is_client,
    }
    return {flag.name for flag in met if met[flag]}
