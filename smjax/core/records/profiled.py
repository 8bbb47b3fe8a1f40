"""What became of a profile: the answers of processes that looked into themselves, and of others that only measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from smjax.core.records.answer import Answer
from smjax.core.records.resolved import Resolved


@dataclass(frozen=True)
class Profiled:
    """Of one kernel."""

    model: str
    resolved: Resolved
    n_layers: int
    host: Mapping[str, Any] = field(default_factory=dict)
    """Where: see `smjax.core.machine.host.environment`."""
    status: str = "ok"
    reason: str = ""
    """One line; empty if the status is ok."""
    looked_into: list[Answer] = field(default_factory=list)
    measured: list[Answer] = field(default_factory=list)
    """As many; those of one place ran one after the other."""
    counted: list[Answer] = field(default_factory=list)
    """Of processes that counted what the CPU does; none where it cannot be counted."""
    no_counts: str = ""
    """Why there are none, where these processes failed."""
