"""What comparisons are called in a picture: what differs in all of them once, each by what tells it from others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smjax.core.text import printable
from smjax.report.compare.cells import varying
from smjax.report.compare.comparison import Comparison
from smjax.report.compare.fields import shown
from smjax.report.plots.names import distinct, said_of

_LONGEST = 24
"""Of a side's name, as a path may be one."""
_UNTOLD = ("model_hash", "python")
"""What only a program reads."""


@dataclass(frozen=True)
class Called:
    """Of comparisons that stand together."""

    names: Sequence[str]
    base: str
    new: str
    differing: str
    """What they all differ in; empty where that is not one thing."""


def called(comparisons: Sequence[Comparison]) -> Called:
    """Sides have their own names where all comparisons have the same, and short ones."""
    base, new = (_in_common([one.names[side] for one in comparisons]) for side in (0, 1))
    apart = varying([one.scenario for one in comparisons])
    differing = {one.differences[:1] for one in comparisons}
    alike = differing.pop() if len(differing) == 1 else ()
    names = [_name(one, apart, is_side_told=bool(new or alike)) for one in comparisons]
    sides = f"{new} / {base}" if new and base not in ("", "base") else ", ".join(map(printable, alike))
    return Called(distinct(names), base or "base", new or "new", sides)


def _in_common(names: Sequence[str]) -> str:
    distinct = set(names)
    return printable(names[0]) if len(distinct) == 1 and len(names[0]) <= _LONGEST else ""


def _name(one: Comparison, apart: Sequence[str], is_side_told: bool) -> str:
    told = {name: one.scenario[name] for name in one.scenario if name in apart and name not in _UNTOLD}
    fields = [said_of(name, value) for name, value in told.items() if _is_telling(name, value, one.scenario)]
    side = one.names[1] if len(one.names[1]) <= _LONGEST else "".join(one.differences[:1])
    parts = [*([] if is_side_told else [printable(side)]), *filter(None, fields)]
    return ", ".join(parts) or printable("".join(one.differences[:1])) or shown(one.scenario.get("model"))


def _is_telling(name: str, value: Any, scenario: dict[str, Any]) -> bool:
    """A value that both sides have; a prompt that fills the context says no more than that does."""
    if value in (None, "") or isinstance(value, list):
        return False
    ctx, n_gen = scenario.get("ctx"), scenario.get("n_gen")
    is_filling = isinstance(ctx, int) and isinstance(n_gen, int) and value == ctx - n_gen
    return not (name == "n_prompt" and is_filling)
