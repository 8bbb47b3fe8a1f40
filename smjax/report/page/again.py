"""How to measure the same again: the commands that ask for what the records say was asked for."""

from __future__ import annotations

import itertools
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
    "tokens_per_dispatch": 1,
    "kv_dtype": "auto",
    "seed": 42,
    "label": "",
    "python": None,
}
_MEASURE: dict[str, Any] = {"replicates": 8, "iterations": None, "handicap": 0}
"""Of the main job: what need not be said."""
_FEW = 3
"""Runs whose commands are told."""


def commands(records: Sequence[Record]) -> list[str]:
    """One for each of the first runs that were measured here; none of what they cannot say."""
    runs = defaultdict[str, list[Scenario]](list)
    for record in records:
        if record.provenance == "measured" and record.imported is None and not record.scenario.points:
            runs[record.run].append(record.scenario)
    found = [command for own in runs.values() if (command := _command(own))]
    return list(dict.fromkeys(found))[:_FEW]


def _command(own: Sequence[Scenario]) -> str:
    """Empty where the points are no grid, or something of them is not plain."""
    points = list(dict.fromkeys(tuple(_asked(scenario).items()) for scenario in own))
    values = {name: list(dict.fromkeys(dict(point)[name] for point in points)) for name, _ in points[0]}
    if len(points) != len(list(itertools.product(*values.values()))):
        return ""
    needless = _DEFAULTS | {f"measure.{name}": value for name, value in _MEASURE.items()}
    said = {name: [*map(str, found)] for name, found in values.items() if found != [needless.get(name)]}
    if not all(_PLAIN.fullmatch(value) for found in said.values() for value in found):
        return ""
    sweep = ["-m"] if any(len(found) > 1 for found in said.values()) else []
    parts = [f"{name}={','.join(found)}" for name, found in said.items()]
    return shlex.join(["smjax", "run", *sweep, *parts])


def _asked(scenario: Scenario) -> dict[str, Any]:
    """By the names under which a person asks; a prompt that fills the context is not asked for."""
    found = {name: getattr(scenario, name) for name in _DEFAULTS}
    found["model"] = scenario.model_path or scenario.model
    if scenario.n_prompt != scenario.ctx - scenario.n_gen:
        found["n_prompt"] = scenario.n_prompt
    return found | {f"measure.{name}": getattr(scenario.measure, name) for name in _MEASURE}
