"""The command that would measure two sides in turn: in the blocks of one sweep, what disturbs one disturbs both."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Any

from smjax.core.records.record import Record
from smjax.report.compare.fields import Differences, differences
from smjax.report.compare.pairing import Pair

_AXES = ("python", "engine", "kernel", "isa", "kv_dtype", "measure.handicap", "seed")
"""What a sweep can go through, the weightiest first."""
_POINT = ("model", "threads", "ctx", "n_gen", "tokens_per_dispatch")
_OTHERS = {"engine": "smjax", "kernel": "auto", "isa": "auto", "kv_dtype": "auto"}
"""What is told only where it is not as it would be anyway."""


def in_turn(pairs: Sequence[Pair]) -> str:
    """For all pairs at once; empty where no sweep can, as they are of different machines."""
    whole = [pair for pair in pairs if pair.base and pair.new]
    found = [differences(*pair.records) for pair in whole]
    if not whole or any("machine" in differing for differing in found):
        return ""
    axis, values = _axis(found)
    records = [pair.base[0].record for pair in whole]
    overrides = [f"{axis}={values}", *_point(records, axis)]
    return f"smjax run -m {shlex.join(overrides)}, then smjax compare DIR --axis {axis}"


def _axis(found: Sequence[Differences]) -> tuple[str, str]:
    for name in _AXES:
        values = dict.fromkeys(value for differing in found for value in differing.get(name, ()))
        if values and None not in values:
            return name, ",".join(map(str, values))
    names = {name for differing in found for name in differing}
    if "python" in names or names & {"jaxlib", "jax", "numpy", "smjax", "commit"}:
        return "python", "BASE/bin/python,NEW/bin/python"
    return "label", "base,new"


def _point(records: Sequence[Record], axis: str) -> list[str]:
    told = [f"{name}={_values(_asked(record, name) for record in records)}" for name in _POINT]
    if any(record.scenario.n_prompt != record.scenario.ctx - record.scenario.n_gen for record in records):
        told.append(f"n_prompt={_values(record.scenario.n_prompt for record in records)}")
    for name, usual in _OTHERS.items():
        values = {getattr(record.scenario, name) for record in records}
        if name != axis and values != {usual}:
            told.append(f"{name}={_values(values)}")
    return told


def _asked(record: Record, name: str) -> Any:
    is_file = name == "model" and record.scenario.model_path is not None
    return record.scenario.model_path if is_file else getattr(record.scenario, name)


def _values(values: Iterable[Any]) -> str:
    return ",".join(sorted(dict.fromkeys(map(str, values)), key=lambda text: (len(text), text)))
