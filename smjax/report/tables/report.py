"""What a report is: tables, the files that hold them, and what could not be read or written; and how it is told."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from smjax.core.exit_codes import ExitCode
from smjax.core.output import complain
from smjax.core.text import printable
from smjax.report.data.contents import Contents
from smjax.report.render.grid import Grid
from smjax.report.render.renderers import show
from smjax.report.tables.last_words import last_words


@dataclass(frozen=True)
class Report:
    """Of a run, or of several together."""

    grids: tuple[Grid, ...]
    paths: tuple[Path, ...]
    """Files that were written."""
    complaints: tuple[str, ...] = ()
    """Records that could not be read and files that could not be written, a line each; the rest is as it should be."""
    contents: Contents | None = field(default=None, compare=False)
    """What a terminal gets the verdict of in words."""


def tell(report: Report) -> int:
    """Print the tables and the files, complain on stderr, and return the exit code."""
    print_tables(report)
    if report.paths:
        print("\n".join(["Files:", *(f"  {printable(str(path), None)}" for path in report.paths)]))
    return complain_of(report.complaints)


def print_tables(report: Report) -> None:
    """Below them, on a terminal, what they come to in words."""
    words = last_words(report.contents) if report.contents is not None and sys.stdout.isatty() else []
    show([*report.grids, *words], sys.stdout)


def complain_of(complaints: Sequence[str]) -> int:
    """Say on stderr what went wrong; returns the exit code."""
    for text in complaints:
        complain(text)
    return ExitCode.FAILED if complaints else ExitCode.OK
