"""How help is laid out: as wide as the terminal, within reason, and without colours."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping

_NARROWEST, _WIDEST = 60, 100
"""Columns: longer lines are hard to read, and shorter ones hold no table."""
_GAP = 3


def width() -> int:
    """Columns that help has: of the terminal, or 79 where there is none."""
    return min(max(shutil.get_terminal_size().columns - 1, _NARROWEST), _WIDEST)


def wrapped(text: str) -> str:
    """A paragraph."""
    return textwrap.fill(" ".join(text.split()), width(), break_on_hyphens=False)


def sentence(does: str) -> str:
    """What a command does, with a capital and a full stop."""
    return f"{does[:1].upper()}{does[1:].rstrip(' …')}."


def exit_line(exits: Mapping[int, str]) -> str:
    """What exit codes say, in a sentence."""
    plain = {code: means.replace(";", ",").replace("`", "") for code, means in exits.items()}
    said = (f"{int(code)} {means}" for code, means in sorted(plain.items()))
    return f"exit codes: {'; '.join(said)}."


def listed(title: str, entries: Mapping[str, str], left: int = 0) -> str:
    """A title, and below it what each of the entries is, in a column that begins behind `left` characters or more.

    An entry that leaves too little room for what it is has a line of its own.
    """
    widest = max(left, *(len(name) for name in entries)) + 2 + _GAP
    column = widest if width() - widest >= width() // 3 else 6
    return "\n".join([title, *(_entry(name, is_, column) for name, is_ in entries.items())])


def _entry(name: str, is_: str, column: int) -> str:
    lead = f"  {name}"
    lead = f"{lead:<{column}}" if len(lead) < column else f"{lead}\n{'':<{column}}"
    lines = textwrap.wrap(is_, width() - column, break_on_hyphens=False)
    return (lead + f"\n{'':<{column}}".join(lines)).rstrip()
