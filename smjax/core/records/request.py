"""What a worker is asked, as it crosses the process border."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from smjax.core.records.resolved import Resolved

VERSION = 1
"""Of request and answer. A worker of another smjax that does not know it says so, and is refused."""

Task = Literal["measure", "evaluate", "ahead", "dram"]


@dataclass(frozen=True)
class Request:
    """One task for one process."""

    task: Task
    resolved: Resolved
    prepared: dict[str, Any] = field(default_factory=dict)
    """What each step ahead found out, by its name."""
    cache_dir: str | None = None
    """Where the engine may keep what it compiles; None where it shall not."""
    step: str | None = None
    """Of a task ahead of the sweep: which of the engine's."""
    ids: list[int] = field(default_factory=list)
    """The prompt to evaluate."""
    model_file: str | None = None
    """Of a preset, for an engine that reads files alone."""
    cpus: list[int] = field(default_factory=list)
    """Where to pin: filled in by whoever starts the process, as the next one is."""
    spawned_ns: int = 0
    """When the process was started, on the monotonic clock."""
    version: int = VERSION
