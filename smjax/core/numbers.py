"""How figures are written for people, wherever they are: in three significant digits, no exponents, no separators."""

from __future__ import annotations

import math


def significant(value: float | None, digits: int = 3) -> str:
    """`value` with that many significant digits; "" for None and for what is no number."""
    if value is None or not math.isfinite(value):
        return ""
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    return f"{rounded:.{max(0, digits - 1 - math.floor(math.log10(abs(rounded))))}f}"


def plus_minus(half_width: float) -> str:
    """How far an interval reaches to either side: "±2.0 %" for 0.02."""
    return f"±{significant(half_width * 100, 2)} %"


def plural(count: int, one: str, many: str) -> str:
    """`count` and its noun: "1 process", "2 processes"."""
    return f"{count} {one if count == 1 else many}"


def listed(texts: list[str]) -> str:
    """Texts as a sentence has them: "a", "a and b", "a, b and c"."""
    *others, last = texts
    return f"{', '.join(others)} and {last}" if others else last
