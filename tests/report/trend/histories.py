"""Histories by hand: run folders, one a day, each of one scenario with two processes."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from smjax.core.records.columns import METRICS
from smjax.report.trend.changes import Course, courses
from smjax.report.trend.timelines import timelines
from tests.report.compare.sweeps import run
from tests.report.factory import read, run_folder

DECODE = METRICS["decode_tok_per_s"]
Runs = list[list[dict[str, Any]]]


def history(count: int, level: Callable[[int], float], seed: int = 1, **changes: Any) -> Runs:
    """Runs around a level for each place, 1 % apart; a change that is a function is of the place too."""
    noise = random.Random(seed)
    runs = []
    for place in range(count):
        centre = level(place) * noise.lognormvariate(0, 0.01)
        rates = [centre * noise.lognormvariate(0, 0.005) for _ in range(2)]
        told = {name: value(place) if callable(value) else value for name, value in changes.items()}
        runs.append(run(rates, **{"run": f"run{place}", "day": place + 1} | told))
    return runs


def slower_from(place: int, share: float = 0.08) -> Callable[[int], float]:
    """A level of 100, and from a place on one that is slower by this share."""
    return lambda number: 100 * (1 - share) if number >= place else 100.0


def written(root: Path, runs: Runs) -> Path:
    """Each in a folder below one."""
    for place, records in enumerate(runs):
        run_folder(root / f"{place:03d}", records)
    return root


def found(*histories: Runs, metric: str = DECODE.name) -> list[Course]:
    """Their steps."""
    runs = [read(records) for history in histories for records in history]
    return courses(timelines(runs, [METRICS[metric]]))
