"""Figures of worker processes one by one, as comparisons take them, and in which state of the cores each is what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from smjax.core.records.record import Record
from smjax.report.data.figures import names_over
from smjax.report.data.processes import per_process
from smjax.report.data.states import STATES

_DEPENDING = {*names_over("answers", "pooled"), "energy_j_per_token"}
"""Figures that are others while somebody unseen shares the cores: of all that is generated."""


@dataclass(frozen=True)
class Figure:
    """What a process has in one column."""

    value: float | None
    """None where it did not finish ok or has no such figure."""
    alone_share: float | None = None
    """How much of its time nobody unseen shared its cores; None where that is not known, or changes no such figure."""
    by_state: Mapping[str, float] = field(default_factory=dict)
    """Its figure in each state of the cores that it was in."""


def figures_of(records: Sequence[Record], names: Sequence[str]) -> list[dict[str, Figure]]:
    """Of each record its figures in these columns."""
    if not records:
        return []
    frame = per_process(records)
    columns = [_of_column(frame, name) for name in names]
    return [dict(zip(names, figures, strict=True)) for figures in zip(*columns, strict=True)]


def _of_column(frame: pl.DataFrame, name: str) -> list[Figure]:
    unknown = [None] * frame.height
    shares: Iterable[Any] = frame["alone_share"] if name in _DEPENDING else unknown
    places = (f"{name}_{state}" for state in STATES)
    of_states: list[Iterable[Any]] = [frame[place] if place in frame.columns else unknown for place in places]
    return [
        Figure(value, share, {state: one for state, one in zip(STATES, known, strict=True) if one is not None})
        for value, share, *known in zip(frame[name], shares, *of_states, strict=True)
    ]
