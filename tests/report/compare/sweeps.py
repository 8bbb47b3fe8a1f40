"""Sweeps by hand: two values of an axis in turn, in blocks that may share a slow-down."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from smjax.core.records.columns import METRICS
from smjax.report.compare.comparison import Question
from tests.report.factory import placed, record, sample

DECODE = Question((METRICS["decode_tok_per_s"],), 0.02)
Rates = Mapping[str, Sequence[float]]
"""By the axis' value, tok/s in each block."""


def sweep(axis: str, rates: Rates, **changes: Any) -> list[dict[str, Any]]:
    """A record for each rate; blocks begin with another value each time. `changes` as in `record` and `placed`."""
    places = {name: changes.pop(name) for name in ("run", "machine") if name in changes}
    day = changes.pop("day", 1)
    values, found = list(rates), list[dict[str, Any]]()
    for block in range(len(rates[values[0]])):
        for place in range(len(values)):
            point = (block + place) % len(values)
            value = values[point]
            one = record(
                [sample(100_000 / rates[value][block])],
                replicate=block,
                date=f"2026-03-{day:02d}T10:{block:02d}:{place:02d}Z",
                **{**changes, axis: int(value) if value.isdecimal() else value},
            )
            if axis == "kernel":
                one["resolved"] = one["resolved"] | {"kernel": value}
            found.append(placed(one, block, block * len(values) + place, point=point, **places))
    return found


def run(rates: Sequence[float], **changes: Any) -> list[dict[str, Any]]:
    """A sweep of one scenario, a process for each rate."""
    return sweep("kernel", {changes.pop("kernel", "native"): rates}, **changes)


def noise(seed: int, count: int, deviation: float, centre: float = 100) -> list[float]:
    """Rates around a centre, with this relative standard deviation."""
    generator = random.Random(seed)
    return [centre * generator.lognormvariate(0, deviation) for _ in range(count)]
