"""What a report is: tables, the files that hold them, and what could not be read or written; and how it is told."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from smjax.core.exit_codes import ExitCode
from smjax.core.output import complain
from smjax.core.text import printable
from smjax.report.render.grid import Grid
from smjax.report.render.renderers import show


@dataclass(frozen=True)
class Report:
    """Of a run, or of several together."""

    grids: tuple[Grid, ...]
    paths: tuple[Path, ...]
    """Files that were written."""
    complaints: tuple[str, ...] = ()
    """Records that could not be read and files that could not be written, a line each; the rest is as it should be."""


def tell(report: Report) -> int:
    """Print the tables and the files, complain on stderr, and return the exit code."""
    show(report.grids, sys.stdout)
    if report.paths:
        print("\n".join(["Files:", *(f"  {printable(str(path), None)}" for path in report.paths)]))
    return complain_of(report.complaints)


def complain_of(complaints: Sequence[str]) -> int:
    """Say on stderr what went wrong; returns the exit code."""
    for text in complaints:
        complain(text)
    return ExitCode.FAILED if complaints else ExitCode.OK
