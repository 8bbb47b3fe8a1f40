"""Records that say of a process what its medians do, and no more: comparisons are made of records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from smjax.core.records.document import made_record
from smjax.core.records.record import Record

from .medians import Medians, Process, Sweep

_ALONE, _SHARED = [4.0], [2.0]
"""Additions a cycle, the best being the former."""


def records_of(
    medians: Medians, sweep: Sweep, wanted: Callable[[Process], bool] = lambda process: True
) -> list[Record]:
    """Those of a sweep's processes that are wanted."""
    return [_record(medians.about, sweep, process) for process in sweep.processes if wanted(process)]


def _record(about: dict[str, Any], sweep: Sweep, process: Process) -> Record:
    p, asked = process, about["scenario"]
    measure = asked["measure"] | {"handicap": p.handicap}
    scenario = asked | {"threads": p.threads, "label": p.label, "measure": measure}
    rates, moments = _answers(p)
    tokens_ns = (asked["n_gen"] - 1) * 1e9
    is_ok = p.tok_per_s is not None
    return made_record(
        about
        | {
            "id": f"{sweep.run}-t{p.threads}-h{p.handicap}-{p.label}-r{p.slot}",
            "date": p.date,
            "replicate": p.slot,
            "scenario": scenario,
            "status": "ok" if is_ok else "failed",
            "reason": "" if is_ok else "as its record says",
            "wall_ns": 0,
            "flags": ["handicap"] if p.handicap else [],
            "identity": p.identity,
            "order": {"seed": asked["seed"], "block": p.block, "position": p.position, "point": p.point},
            "run": sweep.run,
            "samples": [{"ttft_ns": 1, "decode_ns": round(tokens_ns / rate)} for rate in rates],
            "probes": {"additions_per_cycle": moments},
            "readings": {"disturbed": [], "best_additions_per_cycle": _ALONE[0] if moments else None},
        }
    )


def _answers(process: Process) -> tuple[list[float], list[list[float]]]:
    """Few answers with just these medians, those alone first, and what their cores made before each and after the last.

    The median of all lies between those of the states, so half of them do where there are both.
    """
    every, alone, shared = process.tok_per_s, process.alone_tok_per_s, process.shared_tok_per_s
    if every is None:
        return [], []
    if alone is None or shared is None:
        moments = [] if alone is shared else [_SHARED if alone is None else _ALONE] * 2
        return [every], moments
    return [alone, alone, every, every, shared, shared], [_ALONE] * 4 + [_SHARED] * 3
