"""Shares of something as bars from 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from smjax.report.render.pen import Pen
from smjax.report.render.scale import Scale
from smjax.report.render.strip import Drawn, Strip

_NARROWEST, _WIDEST = 6, 20
"""Characters from 0 to 1."""


@dataclass(frozen=True)
class Share(Drawn):
    """A part of 1; one above it ends in a mark, and nothing is drawn of one below 0."""

    is_worth_a_table = False

    value: float

    @classmethod
    def strip(cls, column: Sequence[Self | None], room: int, pen: Pen) -> Strip | None:
        """A column of bars."""
        beyond = any(one.value > 1 for one in column if one)
        width = min(room - beyond, _WIDEST)
        if width < _NARROWEST:
            return None
        cells = tuple((one._line(width, pen),) if one else () for one in column)
        return Strip((f"0{'1':>{width - 1}}",), cells)

    def _line(self, width: int, pen: Pen) -> str:
        parts = len(pen.fills)
        filled = max(0, Scale(0, 1).place(min(self.value, 1), width * parts + 1))
        bar = pen.fills[-1] * (filled // parts) + pen.fills[filled % parts - 1 : filled % parts]
        return bar + pen.beyond[1] * (self.value > 1)
