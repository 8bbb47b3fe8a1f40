"""What a run ends with: its files, its table, and how it stands beside history and the run before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl
from rich.console import Console, RenderableType

from smjax.core.errors import RequestError
from smjax.core.files import write_whole
from smjax.core.records.folder import load_records
from smjax.report.data.history import load_history
from smjax.report.data.rows import scenarios
from smjax.report.render import grid
from smjax.report.render.grid import Grid
from smjax.report.render.terminal import TerminalGrid
from smjax.report.render.write import write_summaries
from smjax.report.tables import beside, run_table, since_last

HISTORY_FILE = "history.md"
"""The comparison with history; a file of its own, so that the summaries follow from the records alone."""


@dataclass(frozen=True)
class RunReport:
    """The same grids for a rich console and as Markdown, and the files that were written."""

    grids: tuple[Grid, ...]
    paths: tuple[Path, ...]

    @property
    def renderables(self) -> list[RenderableType]:
        return [TerminalGrid(table) for table in self.grids]

    @property
    def markdown(self) -> str:
        return "\n".join(grid.markdown(table) for table in self.grids)


def finish(run_dir: Path, history: str | None, baseline: str | None, outputs_root: Path | None) -> RunReport:
    """Write the summaries of `run_dir` and compare it with history and with the newest earlier run, where asked.

    Raises RequestError when there are no records or a file cannot be written. A baseline that fits no machine only
    leaves the comparison out and says so: by now everything is measured.
    """
    records = load_records([run_dir])
    rows = scenarios(records)
    paths = write_summaries(run_dir, records, rows, run_table.markdown(rows))
    found = run_table.grids(rows)
    if history is not None:
        try:
            compared = beside.grids(rows, load_history(history), baseline)
            paths.append(write_comparison(run_dir, compared))
        except RequestError as error:
            compared = [grid.message("Beside history", f"Left out: {error}")]
        found += compared
    if outputs_root is not None:
        found.append(since_last.comparison(rows, run_dir, outputs_root))
    return RunReport(tuple(found), tuple(paths))


def check(history: str | None, baseline: str | None) -> None:
    """Before anything is measured: raise RequestError for a history or a baseline that cannot work out.

    A baseline that is no machine of the history may still be the machine that is about to be measured.
    """
    if history is None:
        if baseline is not None:
            raise RequestError(
                f"baseline: expected a history to take it from, found {baseline!r} alone; name a history too"
            )
        return
    rows = beside.labelled(load_history(history).rows)
    if baseline is not None and rows["label"].str.to_lowercase().str.contains(baseline.lower(), literal=True).any():
        beside.pick_baseline(rows.with_columns(is_history=pl.lit(True)), baseline)


def show(done: RunReport) -> None:
    """Print the tables: drawn on a terminal, elsewhere as Markdown."""
    console = Console()
    if console.is_terminal:
        console.print(*done.renderables, sep="\n")
    else:
        print(done.markdown)


def write_comparison(folder: Path, compared: list[Grid]) -> Path:
    """Write the comparison with history, whole or not at all."""
    return write_whole(folder / HISTORY_FILE, "\n".join(grid.markdown(table) for table in compared))
