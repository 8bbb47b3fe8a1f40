"""Texts with numbers in them, in the order in which a person counts: 16x768 before 128x768."""

from __future__ import annotations

import re

_LONGEST = 20


def natural(text: str) -> str:
    """What is sorted by instead of the text."""
    return re.sub(r"[0-9]+", lambda number: number[0].zfill(_LONGEST), text)
