"""What a sweep is handed from outside: how workers are started, what the host is, how it is told and reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from smjax.core.records.record import Record
from smjax.doctor import Finding
from smjax.sweep.process.launcher import Launcher
from smjax.sweep.request.config import ReportConfig
from smjax.sweep.request.interpreters import AskHello

CheckReport = Callable[[ReportConfig], None]
"""Raises RequestError where the report that a sweep is to end with cannot be made."""


@dataclass(frozen=True)
class Reported:
    """What is left to say when a run's tables are printed."""

    paths: Sequence[Path]
    """Files that follow from its records."""
    next_steps: Sequence[str] = ()
    """Commands that a person may want now, a line each."""


Report = Callable[[Path, ReportConfig], Reported]
"""Prints the tables of a run folder and writes the files; raises RequestError where they cannot be written."""

DrawTable = Callable[[Sequence[Record]], RenderableType]
"""The table of a sweep's records so far, in whatever room a console has for it; nothing computes after its call."""

Examine = Callable[[float], Sequence[Finding]]
"""What `smjax doctor` finds about this machine while it watches it for so many seconds."""


@dataclass(frozen=True)
class Outside:
    """Handed in by the commands; tests hand in others."""

    launcher: Launcher
    environment: Callable[[], dict[str, Any]]
    """What a record says about the host; takes a second."""
    check_report: CheckReport
    report: Report
    hello: AskHello
    say: Callable[[str], None]
    """Tells whoever waits one line."""
    draw_table: DrawTable
    examine: Examine
