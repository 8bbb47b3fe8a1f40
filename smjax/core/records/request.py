"""What a worker is asked, as it crosses the process border."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from smjax.core.records.resolved import Resolved

VERSION = 4
"""Of request and answer. A worker of another smjax that does not know it says so, and is refused.

It counts up with whatever a worker may be asked for, field or word, as one that does not know it would leave it out
unseen, and when anything in an answer changes its meaning; not when an answer may only say more.
"""

Task = Literal["measure", "evaluate", "ahead", "dram", "micro", "profile", "count"]
HELLO = "hello"
FIND = "find"
"""Of a microbenchmark the step in which the user's functions are only found."""


@dataclass(frozen=True)
class Greeting:
    """What an interpreter is asked before anything is planned; its `smjax.core.records.hello.Hello` is the answer.

    Every version understands it as it is here.
    """

    engines: list[str]
    """Names of those that it shall speak of."""
    task: str = HELLO
    version: int = VERSION


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
    order: str = ""
    """What the order of a microbenchmark's points is drawn from: another one for each process."""
    cpus: list[int] = field(default_factory=list)
    """Where to pin: filled in by whoever starts the process, as the next one is."""
    spawned_ns: int = 0
    """When the process was started, on the monotonic clock."""
    version: int = VERSION
