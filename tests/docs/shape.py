"""Whether what was printed has the shape of what a page shows: any figures, `…` for any lines or any part of one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

_FIGURE = re.compile(r"\b(?:[0-9a-f]*\d[0-9a-f]*[0-9a-f]{6,}|\d+(?:[.,:_T+-]\d+)*)(?=\b|[A-Za-zµ_])")
ANY = "…"


def difference(shown: Sequence[str], printed: str) -> str:
    """The first lines that are shown and were not printed where they should be; empty where all were."""
    lines, place, is_loose = [_plain(line) for line in printed.splitlines()], 0, False
    for is_any, group in itertools.groupby(_trimmed(shown), key=lambda line: line.strip() == ANY):
        if is_any:
            is_loose = True
            continue
        part = [_pattern(line) for line in group]
        ends = range(place, len(lines) - len(part) + 1) if is_loose else [place]
        found = next((i for i in ends if _fits(part, lines[i : i + len(part)])), None)
        if found is None:
            return "\n".join(one.pattern for one in part)
        place, is_loose = found + len(part), False
    return "" if is_loose or not any(lines[place:]) else f"nothing more, found {lines[place]}"


def _trimmed(shown: Sequence[str]) -> list[str]:
    """Without empty lines at its end."""
    lines = list(shown)
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _fits(part: Sequence[re.Pattern[str]], lines: Sequence[str]) -> bool:
    return len(part) == len(lines) and all(one.fullmatch(line) for one, line in zip(part, lines, strict=True))


def _pattern(line: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(piece.strip()) for piece in _plain(line).split(ANY)))


def _plain(line: str) -> str:
    """Figures are all alike, as are widths."""
    return re.sub(r"\s+", " ", _FIGURE.sub("0", line)).strip()
