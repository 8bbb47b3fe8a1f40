"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["ok", "note", "noisy", "unknown"]
"""`note` may matter; `noisy` spoils a measurement made now; `unknown`: this system does not tell."""


@dataclass(frozen=True)
class Finding:
    """What was found and, where it is not well, what to do about it in a few words."""

    name: str
    severity: Severity
    found: str
    advice: str = ""


def unknown(name: str) -> Finding:
    """Where the system does not tell."""
    return Finding(name, "unknown", "not told here")
