"""Whether a row's values come in an order of time that a measurement hardly ever has: all but sorted.

Neighbours and heat make a machine slower for a while, in bursts and steps; they do not put its answers in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from smjax.core.numbers import significant
from smjax.report.render.grid import Row
from smjax.stats import serial
from smjax.stats.location import Array

_CHANCE = 0.003
"""How often a test of order alone takes chance for a trend; with all that is asked, 1 of 1,000 clean rows is one."""
_SORTED = 0.6
"""Rising pairs less falling ones, as a share of all: 1 is sorted, and one step in the middle of many values 0.5."""
_CLEARER = 1.3
"""What a line must leave less of than two levels do: a machine that got warm, or a neighbour, is a step in time."""
_MATTERS = 0.02
"""By what share values must have changed from the first to the last."""
_KINDS = (("decode", "decode_tok_per_s", "tok/s"), ("ttft", "ttft_ms", "ms"))


def trend_of_answers(row: Row) -> str | None:
    """Answers of a process do not get faster, or slower, one by one; nor a little in each process of a row."""
    for kind, name, unit in _KINDS:
        processes = list(_logarithms(row.get(f"{name}_samples") or ()))
        for logs in processes:
            if _is_trend([logs], _CHANCE / len(processes)):
                return f"trend: the {kind} samples of a process {_told(logs, unit)}"
        if processes and _is_trend(processes, _CHANCE):
            steepest = max(processes, key=lambda logs: abs(_change(logs)))
            return f"trend: the {kind} samples of its {len(processes)} processes {_told(steepest, unit)} in one of them"
    return None


def trend_of_processes(row: Row) -> str | None:
    """Nor do the processes of a row."""
    for kind, name, unit in _KINDS:
        for medians in _logarithms([row.get(f"{name}_medians") or ()]):
            if _is_trend([medians], _CHANCE):
                return f"trend: the {kind} medians of the processes {_told(medians, unit)}"
    return None


def _logarithms(samples: Sequence[Sequence[float]]) -> Iterator[Array]:
    """Of those that have several positive values."""
    for values in samples:
        if len(values) > 1 and min(values) > 0:
            yield np.log(np.asarray(values, float))


def _is_trend(samples: Sequence[Array], chance: float) -> bool:
    changes = [abs(_change(logs)) for logs in samples]
    if abs(serial.rise(samples, chance)) < _SORTED or float(np.median(changes)) <= np.log1p(_MATTERS):
        return False
    return sum(map(_of_best_step, samples)) > _CLEARER * sum(float(serial.error_sum(logs)) for logs in samples)


def _of_best_step(logs: Array) -> float:
    """Sum of squares that is left of two levels, one after the other."""
    parts = (np.split(logs, [place]) for place in range(1, logs.size))
    return min(sum(float(part.size * part.var()) for part in both) for both in parts)


def _change(logs: Array) -> float:
    """From the first value to the last, on the line through all."""
    return float(serial.slope(logs)) * (logs.size - 1)


def _told(logs: Array, unit: str) -> str:
    first, last = np.exp(logs.mean() + np.array([-0.5, 0.5]) * _change(logs))
    verb = "rise" if last > first else "fall"
    return f"{verb} from {significant(float(first))} to {significant(float(last))} {unit}, all but sorted in time"


CHECKS: tuple[Callable[[Row], str | None], ...] = (trend_of_answers, trend_of_processes)
