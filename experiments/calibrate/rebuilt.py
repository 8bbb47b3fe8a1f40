"""Records that say of a process what its medians do, and no more: comparisons are made of records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from smjax.core.records.document import made_record
from smjax.core.records.record import Record

from .medians import Medians, Process, Sweep

_BEST, _BESIDE = 4.0, 2.0
"""Additions a cycle of a core that is alone, and of one that is shared."""
_TIME_S = 1e6
"""So long that answers of a state can take any share of it."""


def records_of(
    medians: Medians, sweep: Sweep, wanted: Callable[[Process], bool] = lambda process: True
) -> list[Record]:
    """Those of a sweep's processes that are wanted."""
    return [_record(medians.about, sweep, process) for process in sweep.processes if wanted(process)]


def _record(about: dict[str, Any], sweep: Sweep, process: Process) -> Record:
    p, asked = process, about["scenario"]
    answers, is_ok = _answers(p), p.tok_per_s is not None
    return made_record(
        about
        | {
            "id": f"{sweep.run}-t{p.threads}-h{p.handicap}-{p.label}-r{p.slot}",
            "date": p.date,
            "replicate": p.slot,
            "scenario": asked
            | {"threads": p.threads, "label": p.label, "measure": asked["measure"] | {"handicap": p.handicap}},
            "status": "ok" if is_ok else "failed",
            "reason": "" if is_ok else "as its record says",
            "wall_ns": 0,
            "flags": ["handicap"] if p.handicap else [],
            "identity": p.identity,
            "order": {"seed": asked["seed"], "block": p.block, "position": p.position, "point": p.point},
            "run": sweep.run,
            "samples": [sample for part in answers for sample in part.samples(asked["n_gen"])],
            "probes": {"additions_per_cycle": _moments(answers)},
            "readings": {"disturbed": [], "best_additions_per_cycle": _BEST},
        }
    )


@dataclass(frozen=True)
class _Answers:
    """Those in one state of the cores."""

    rates: Sequence[float]
    """Tok/s of each."""
    additions: float | None
    """A cycle; None where nobody knows."""
    took_s: float
    """Altogether."""

    def samples(self, n_gen: int) -> list[dict[str, int]]:
        decode_ns = [round((n_gen - 1) * 1e9 / rate) for rate in self.rates]
        each_ns = round(1e9 * self.took_s / len(self.rates))
        return [{"ttft_ns": max(1, each_ns - took_ns), "decode_ns": took_ns} for took_ns in decode_ns]


def _answers(process: Process) -> list[_Answers]:
    """Few answers with just these medians, and as much of the time in each state as the process was."""
    every, share = process.tok_per_s, process.alone_share
    alone, shared = process.alone_tok_per_s, process.shared_tok_per_s
    if every is None:
        return []
    if share is None or alone is shared is None:
        return [_Answers([every], None, _TIME_S)]
    return [
        _Answers(_rates(own, other, every), additions, part * _TIME_S)
        for own, other, additions, part in ((alone, shared, _BEST, share), (shared, alone, _BESIDE, 1 - share))
        if part
    ]


def _rates(own: float | None, other: float | None, every: float) -> list[float]:
    """Three with the state's own median, or two, which are too few for one; and with the others' `every` in all.

    That lies between the medians of the states: a third of the answers of either are there, the rest beyond.
    """
    if own is not None:
        return [own, own, every]
    assert other is not None
    return [every, every / 2 if other >= every else every * 2]


def _moments(answers: Sequence[_Answers]) -> list[list[float]]:
    """Before each answer and after the last; those beside somebody come last, so that one moment ends the others."""
    after = [part.additions for part in answers for _ in part.rates]
    return [[additions] for additions in (*after[:1], *after) if additions is not None]
