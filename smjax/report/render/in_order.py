"""Processes or runs in the order of time, as heights in a line: each row on a scale of its own, said beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Self

from smjax.core.numbers import significant
from smjax.report.render.pen import Pen
from smjax.report.render.scale import Scale
from smjax.report.render.strip import Drawn, Strip

FEWEST = 3
"""Of fewer values there is no order to be seen."""
_LEAST_REACH = 0.02
"""Share of the median that is shown to either side of it at least: what is less is noise, and has to look like it."""
_NARROWEST, _WIDEST = 8, 40
"""Places of a line; where there are more values, several share one."""


@dataclass(frozen=True)
class InOrder(Drawn):
    """A positive figure of each, the first on the left; None of one that is left out."""

    is_worth_a_table = True

    values: tuple[float | None, ...]
    """Of which at least `FEWEST` are known."""
    marked: tuple[bool, ...]
    what: str
    """`decode tok/s of the processes`."""
    mark_means: str = ""
    left_out_means: str = ""

    @classmethod
    def strip(cls, column: Sequence[Self | None], room: int, pen: Pen) -> Strip | None:
        """Marks stand in a line of their own below the heights, as nothing may be told by colour alone."""
        shown = [one for one in column if one]
        beside, most = max(len(one._height) for one in shown) + 1, max(len(one.values) for one in shown)
        places = min(room - beside, _WIDEST, most)
        if places < min(most, _NARROWEST):
            return None
        cells = tuple(one._lines(places, beside, pen) if one else () for one in column)
        return Strip(("in time,", "height"), cells, _caption(shown, places < most, pen))

    @cached_property
    def _known(self) -> list[float]:
        return [value for value in self.values if value is not None]

    @cached_property
    def _scale(self) -> Scale:
        middle = median(self._known)
        return Scale(min(*self._known, middle * (1 - _LEAST_REACH)), max(*self._known, middle * (1 + _LEAST_REACH)))

    @property
    def _height(self) -> str:
        """How much of the median lies between foot and top."""
        return f"{significant(100 * (self._scale.last - self._scale.first) / median(self._known), 2)} %"

    def _lines(self, places: int, beside: int, pen: Pen) -> tuple[str, ...]:
        groups = self._groups(places)
        heights = "".join(self._drawn(max(group, key=self._distance), pen) for group in groups)
        marks = "".join(pen.marked if any(self.marked[number] for number in group) else " " for group in groups)
        return tuple(filter(str.strip, (f"{heights:<{places}}{self._height:>{beside}}", marks)))

    def _groups(self, places: int) -> list[list[int]]:
        """The numbers of the values that stand in each place."""
        count = len(self.values)
        of_each = [number * min(places, count) // count for number in range(count)]
        return [[number for number in range(count) if of_each[number] == place] for place in range(min(places, count))]

    def _distance(self, number: int) -> float:
        value = self.values[number]
        return -1 if value is None else abs(value - median(self._known))

    def _drawn(self, number: int, pen: Pen) -> str:
        value = self.values[number]
        return pen.left_out if value is None else pen.heights[self._scale.place(value, len(pen.heights))]


def _caption(shown: Sequence[InOrder], are_together: bool, pen: Pen) -> str:
    """How to read it; what nobody sees is not explained."""
    first = shown[0]
    told = {
        f"In time: {first.what}, the first on the left; height: from foot to top, as a share of their median": True,
        "of several in one place the furthest from the median is drawn": are_together,
        f"{pen.marked} below: {first.mark_means}": any(any(one.marked) for one in shown),
        f"{pen.left_out}: {first.left_out_means}": any(None in one.values for one in shown),
    }
    return f"{'; '.join(text for text, is_so in told.items() if is_so)}."
