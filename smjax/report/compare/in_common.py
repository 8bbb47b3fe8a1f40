"""Why two sides have no scenario in common, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smjax.core.numbers import listed
from smjax.core.records.alike import OP_POINT
from smjax.core.records.record import Record
from smjax.report.compare.fields import SCENARIO, asked, shown, weights_of

_FEW = 4
"""Values of a field that are named."""
_CHARACTERS = 15
"""Of a hash: enough to be known by."""


def why_none(base: Sequence[Record], new: Sequence[Record]) -> str:
    """In which fields no value is on both sides, as "none: threads 1 and 2 → 4"; and the fix."""
    sides = [[_scenario(record) for record in side] for side in (base, new)]
    values = {name: [list(dict.fromkeys(one[name] for one in side)) for side in sides] for name in sides[0][0]}
    apart = [f"{name} {_told(a)} → {_told(b)}" for name, (a, b) in values.items() if not {*a} & {*b}]
    found = f"none: {listed(apart)}" if apart else f"none with all of {listed(list(values))} alike"
    return f"{found}; {_fix(base, new)}"


def _scenario(record: Record) -> dict[str, Any]:
    fields = asked(record) | {"model": weights_of(record)}
    return {name: fields.get(name) for name in (*OP_POINT, *SCENARIO) if name != "model_hash"}


def _told(values: Sequence[Any]) -> str:
    texts = map(shown, values[:_FEW])
    named = [text[:_CHARACTERS] if text.startswith("sha256:") else text for text in texts]
    return listed([*named, f"{len(values) - _FEW} more"] if len(values) > _FEW else named)


def _fix(*sides: Sequence[Record]) -> str:
    """What is known by its content is no pair to what is known by its name."""
    by_content = [{record.model.hash is not None for record in side} for side in sides]
    if {True, False} <= set.union(*by_content):
        return "say which model an import is of: smjax import … --model FILE.gguf"
    return "measure the same, or name other runs"
