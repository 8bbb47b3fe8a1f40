"""What there is to say of a flag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Flag:
    """What a reader must know about a row; a row has it if one of its processes has, or if their samples say so."""

    name: str
    set_by: Literal["worker", "supervisor", "report", "history", "import"]
    """Who: the measured process, the one that starts it, the report from all samples of a row, published results, or
    what reads another tool's files."""
    rule: str
    """When it is set."""
    meaning: str
    advice: str
    """What to do about it."""
    by_chance: str = ""
    """How often it is set, or missed, for no other reason than noise."""
