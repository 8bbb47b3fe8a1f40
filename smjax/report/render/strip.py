"""A column of pictures in a line, which stands beside the figures that it draws where a terminal has room for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import ClassVar, Self

from smjax.report.render.pen import Pen


@dataclass(frozen=True)
class Strip:
    """All that is drawn beside a column of a table, in characters as wide as a space."""

    heading: tuple[str, ...]
    """Lines, of which the last one stands directly above the pictures."""
    cells: tuple[tuple[str, ...], ...]
    """Of each row the lines of its picture; none where there is nothing to draw."""
    caption: str = ""
    """How to read it, where the heading does not say so."""

    @property
    def width(self) -> int:
        """Of the longest line."""
        return max(len(line) for lines in (self.heading, *self.cells) for line in lines)


class Drawn(ABC):
    """What is drawn of one cell; a kind of picture is a class of these in a file of its own."""

    is_worth_a_table: ClassVar[bool]
    """Of its own, where there is no room beside the figures."""

    @classmethod
    @abstractmethod
    def strip(cls, column: Sequence[Self | None], room: int, pen: Pen) -> Strip | None:
        """The pictures of a whole column, some of whose cells have one, in lines of at most `room` characters.

        None where that is too little.
        """


@dataclass(frozen=True)
class Drawings:
    """A column of cells, some of which have a drawing, all of one kind, and what they are drawn with."""

    column: Sequence[Drawn | None]
    pen: Pen

    @property
    def kind(self) -> type[Drawn]:
        """What draws them."""
        return type(next(filter(None, self.column)))

    @cached_property
    def least(self) -> int:
        """The fewest characters that they take."""
        return next(room for room in count(1) if self.kind.strip(self.column, room, self.pen))

    def within(self, room: int) -> Strip:
        """All of them, with as much of `room` as does them good, which is at least `least`."""
        strip = self.kind.strip(self.column, room, self.pen)
        assert strip is not None, "there is room"
        return strip
