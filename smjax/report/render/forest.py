"""Ratios and what their intervals reach, as bars on one logarithmic scale around 1, whose axis is the heading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from smjax.report.render.pen import Pen
from smjax.report.render.scale import Scale
from smjax.report.render.strip import Drawn, Strip

_ENDS = (1.05, 1.1, 1.25, 1.5, 2.0, 4.0, 10.0, 20.0, 50.0, 100.0, 1000.0)
"""Of a scale, whose other end is as far below 1; with the first one a difference of 0.1 % is none to be seen."""
_SHOWN = 2.0
"""Intervals of which this is inside are cut, if no ratio is further: a wide one would make a point of every other."""
_NARROWEST, _WIDEST = 11, 31
"""Characters; odd, as 1 is in the middle."""


@dataclass(frozen=True)
class Forest(Drawn):
    """A positive ratio with its interval; without it where either end is not known."""

    is_worth_a_table = True

    ratio: float
    lo: float | None = None
    hi: float | None = None

    @classmethod
    def strip(cls, column: Sequence[Self | None], room: int, pen: Pen) -> Strip | None:
        """A column of bars."""
        width = min(room - 1 + room % 2, _WIDEST)
        if width < _NARROWEST:
            return None
        furthest = max(one._far() for one in column if one)
        end = next((end for end in _ENDS if end >= furthest), furthest)
        scale = Scale(1 / end, end, is_log=True)
        cells = tuple((one._line(scale, width, pen),) if one else () for one in column)
        is_cut = any(mark in line for lines in cells for line in lines for mark in pen.beyond)
        return Strip(
            (f"{'ratio':^{width}}", _axis(end, width)),
            cells,
            f"{' and '.join(pen.beyond)}: the interval goes on" if is_cut else "",
        )

    def _far(self) -> float:
        """The factor that it must be seen to."""
        ends = [min(max(end, 1 / end), _SHOWN) for end in (self.lo, self.hi) if end is not None and end > 0]
        return max(self.ratio, 1 / self.ratio, *ends)

    def _line(self, scale: Scale, width: int, pen: Pen) -> str:
        middle = width // 2
        line = [pen.one if place == middle else " " for place in range(width)]
        if self.lo is not None and self.hi is not None:
            first, last = (_beside_1(end, scale, width) for end in (self.lo, self.hi))
            for place in range(max(first, 0), min(last, width - 1) + 1):
                line[place] = pen.one_inside if place == middle else pen.reach
            if first < 0:
                line[0] = pen.beyond[0]
            if last >= width:
                line[-1] = pen.beyond[1]
        line[_beside_1(self.ratio, scale, width)] = pen.point
        return "".join(line)


def _beside_1(value: float, scale: Scale, width: int) -> int:
    """Its place; in the middle only what is 1: an interval that leaves out 1 must not be seen to have it."""
    middle, place = width // 2, scale.place(value, width) if value > 0 else -1
    return place if place != middle or value == 1 else middle + int(math.copysign(1, value - 1))


def _axis(end: float, width: int) -> str:
    """Its ends and 1, above where they stand."""
    low, high = f"{1 / end:.2g}", f"{end:.3g}"
    half = width // 2
    return f"{low:<{half}}1{high:>{half}}"
