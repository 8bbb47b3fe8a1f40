"""Values in the order of time as a plot of characters that every terminal, encoding and Markdown page has."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

from smjax.core.numbers import significant
from smjax.report.render.scale import Scale

PAGE_WIDTH = 80
"""Characters where nobody says how wide it is."""
_WIDEST = 100
_HEIGHT = 6
"""Lines of the plot, without the axis and what stands below it."""
_LEAST_STRIDE, _MOST_STRIDE = 1, 3
"""Characters from one value to the next."""


@dataclass(frozen=True)
class Picture:
    """What is drawn: a mark for each value, the first on the left, and what is said above and below it."""

    caption: str
    values: tuple[float, ...]
    """Two different ones at least."""
    marks: str
    """A character for each."""
    below: str
    """What the axis is, and what the marks mean; short."""
    is_log: bool = False
    """Whether as much lies between 1 and 2 as between 10 and 20; of positive values."""


def drawn(picture: Picture, width: int = PAGE_WIDTH) -> list[str]:
    """The plot in 8 lines, more only where `below` is folded, of at most `width`; of many values several share one."""
    labels = [significant(max(picture.values), 4), *[""] * (_HEIGHT - 2), significant(min(picture.values), 4)]
    margin = max(map(len, labels))
    room = max(1, min(width, _WIDEST) - margin - len(" | >"))
    places = _places(len(picture.values), room)
    lines = [[" "] * (places[-1] + 1) for _ in labels]
    scale = Scale(max(picture.values), min(picture.values), picture.is_log)
    for place, value, mark in zip(places, picture.values, picture.marks, strict=True):
        lines[scale.place(value, _HEIGHT)][place] = mark
    plot = [f"{label:>{margin}} | {''.join(line).rstrip()}" for label, line in zip(labels, lines, strict=True)]
    indent = " " * (margin + len(" | "))
    axis = f"{' ' * margin} +{'-' * (places[-1] + 2)}>"
    return [*map(str.rstrip, plot), axis, *wrap(picture.below, width, initial_indent=indent, subsequent_indent=indent)]


def _places(count: int, room: int) -> list[int]:
    """Where each of so many values stands; they come closer where there are many."""
    stride = min(_MOST_STRIDE, max(_LEAST_STRIDE, (room - 1) // max(count - 1, 1)))
    if (count - 1) * stride < room:
        return [number * stride for number in range(count)]
    return [number * room // count for number in range(count)]
