"""How to measure the same again: the commands that ask for what the records say was asked for."""

from __future__ import annotations

import math
import re
import shlex
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from smjax.core.records.record import Record
from smjax.core.records.scenario import Scenario

_PLAIN = re.compile(r"[A-Za-z0-9_./+-]+")
"""Values that mean themselves, to Hydra and to a shell."""
_DEFAULTS: dict[str, Any] = {
    "model": "tinystories-1m",
    "engine": "smjax",
    "kernel": "auto",
    "isa": "auto",
    "threads": 1,
    "ctx": 256,
    "n_gen": 128,
    "n_prompt": None,
    "tokens_per_dispatch": 1,
    "kv_dtype": "auto",
    "seed": 42,
    "label": "",
    "python": None,
}
_MEASURE: dict[str, Any] = {
    "replicates": 8,
    "iterations": None,
    "sampling_s": 1,
    "warmup": 2,
    "target_ci": 0.02,
    "budget_s": 120,
    "compile_cache": True,
    "handicap": 0,
}
"""Of the main job (conf/measure/default.yaml): what need not be said."""
_ABSENT = "\0"
"""Of a point that knows nothing by a name that another one has."""
_FEW = 3
"""Runs whose commands are told."""


def commands(records: Sequence[Record]) -> list[str]:
    """One for each of the first runs that were measured here; none of what they cannot say."""
    runs = defaultdict[str, list[Scenario]](list)
    for record in sorted(records, key=_as_asked):
        if record.provenance == "measured" and record.imported is None and not record.scenario.points:
            runs[record.run].append(record.scenario)
    told = [runs[run] for run in dict.fromkeys(record.run for record in records) if run in runs]
    found = [command for own in told if (command := _command(own))]
    return list(dict.fromkeys(found))[:_FEW]


def _as_asked(record: Record) -> float:
    """Blocks have their processes in any order, and the first value that was asked for is what others are beside."""
    point = record.order.point if record.order else None
    return math.inf if point is None else point


def _command(own: Sequence[Scenario]) -> str:
    """Empty where the points are no grid, or something of them is not plain."""
    is_filling = all(scenario.n_prompt == scenario.ctx - scenario.n_gen for scenario in own)
    points = list(dict.fromkeys(tuple(_asked(scenario, is_filling).items()) for scenario in own))
    names = dict.fromkeys(name for point in points for name, _ in point)
    values = {name: list(dict.fromkeys(dict(point).get(name, _ABSENT) for point in points)) for name in names}
    is_everywhere = not any(_ABSENT in found for found in values.values())
    if not is_everywhere or len(points) != math.prod(map(len, values.values())):
        return ""
    needless = _DEFAULTS | {f"measure.{name}": value for name, value in _MEASURE.items()}
    said = {name: [*map(_spelt, found)] for name, found in values.items() if found != [needless.get(name)]}
    if not all(_PLAIN.fullmatch(value) for found in said.values() for value in found):
        return ""
    sweep = ["-m"] if any(len(found) > 1 for found in said.values()) else []
    parts = [f"{name}={','.join(found)}" for name, found in said.items()]
    return shlex.join(["smjax", "run", *sweep, *parts])


def _spelt(value: Any) -> str:
    """As Hydra takes it."""
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _asked(scenario: Scenario, is_filling: bool) -> dict[str, Any]:
    """By the names under which a person asks; prompts that all fill their contexts are not asked for."""
    found = {name: getattr(scenario, name) for name in _DEFAULTS}
    found |= {"model": scenario.model_path or scenario.model, "n_prompt": None if is_filling else scenario.n_prompt}
    found |= {f"engine_args.{name}": value for name, value in scenario.engine_args.items()}
    return found | {f"measure.{name}": getattr(scenario.measure, name) for name in _MEASURE}
