"""The characters that pictures in a line are drawn with: blocks and lines, or what every terminal and encoding has."""

from __future__ import annotations

import os
from dataclasses import dataclass

from rich.console import Console


@dataclass(frozen=True)
class Pen:
    """One character for each thing that is drawn."""

    heights: str
    """The lowest first."""
    fills: str
    """Parts of a character from its left, the least first; the last one is all of it."""
    reach: str
    one: str
    """Where a ratio is 1."""
    one_inside: str
    """The same within what an interval reaches."""
    point: str
    left_out: str
    marked: str = "x"
    beyond: str = "<>"
    """What ends left, and right, of the scale."""


BLOCKS = Pen("▁▂▃▄▅▆▇█", "▏▎▍▌▋▊▉█", "─", "│", "┼", "●", "·")
ASCII = Pen("_.-'", "#", "-", "|", "+", "o", "?")
_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
"""The first that is set says which characters somebody wants to see."""


def pen_of(console: Console) -> Pen:
    """Blocks where nothing speaks against them; of the C locale Python says UTF-8, which a terminal may not know."""
    locale = next(filter(None, map(os.environ.get, _LOCALE)), "")
    is_plain = not console.is_terminal or console.is_dumb_terminal or console.no_color or console.legacy_windows
    has_blocks = console.encoding.lower().startswith("utf") and locale not in ("C", "POSIX")
    return BLOCKS if has_blocks and not is_plain else ASCII
