"""What a run ends with: its files, its table, and how it stands beside history and the run before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from smjax.core.errors import RequestError
from smjax.core.files import write_whole
from smjax.core.records.folder import load_records
from smjax.core.records.record import Record
from smjax.report.compare import since_last
from smjax.report.data.contents import Contents
from smjax.report.data.history import load_history
from smjax.report.data.named import Named
from smjax.report.data.rows import scenarios
from smjax.report.page.write import PAGE_FILE, write_page
from smjax.report.render.grid import Grid, message
from smjax.report.render.markdown import markdown
from smjax.report.render.write import write_summaries
from smjax.report.tables import beside, from_records
from smjax.report.tables.report import Report

Written = tuple[tuple[Path, ...], tuple[str, ...]]
"""Files that were written, and why others could not be."""

HISTORY_FILE = "history.md"
"""The comparison with history; a file of its own, so that the summaries follow from the records alone."""


@dataclass(frozen=True, kw_only=True)
class Finished(Report):
    """The report of a run that has just ended, and what follows from more than its tables."""

    contents: Contents
    last: Sequence[Path]
    """Folders of the newest earlier runs of its scenarios."""


def finish(run_dir: Path, history: str | None, baseline: str | None, outputs_root: Path | None) -> Finished:
    """The tables of `run_dir`, beside history and the newest earlier run where asked; their files are written.

    Raises RequestError when no record can be read. A baseline that fits no machine only leaves the comparison out and
    says so: by now everything is measured.
    """
    loaded = load_records([run_dir])
    rows = scenarios(loaded.records)
    compared, left_out = ([], []) if history is None else _beside_history(rows, history, baseline)
    last = None if outputs_root is None else since_last.find(loaded.records, run_dir, outputs_root)
    beside_last = [] if last is None else [since_last.grid(loaded.records, last)]
    own = from_records.grids(loaded.records, rows)
    contents, folders = Contents(loaded.records, rows, loaded.refused), () if last is None else last.folders
    paths, complaints = write_derived(run_dir, contents, own, compared)
    shown = (
        *_with_baseline(loaded.records, rows, own, None if history else baseline),
        *compared,
        *left_out,
        *beside_last,
    )
    return Finished(shown, paths, (*loaded.refused, *complaints), contents=contents, last=folders)


def write_derived(folder: Path, contents: Contents, own: Sequence[Grid], compared: Sequence[Grid]) -> Written:
    """Write the files that follow from the records, whose tables are `own`, and those beside history if any."""
    paths, complaints = list[Path](), list[str]()
    try:
        paths += write_summaries(folder, contents.records, contents.rows, markdown(own))
        paths += [write_whole(folder / HISTORY_FILE, markdown(compared))] if compared else []
        paths += [write_page(folder / PAGE_FILE, contents)]
    except RequestError as error:
        complaints.append(str(error))
    return tuple(paths), tuple(complaints)


def _with_baseline(
    records: Sequence[Record], rows: pl.DataFrame, own: Sequence[Grid], baseline: str | None
) -> Sequence[Grid]:
    """The tables with ratios to a row of them, or else as they are and why there are none."""
    if baseline is None:
        return own
    try:
        return from_records.with_baseline(own, records, rows, baseline)
    except RequestError as error:
        return [*own, message("Beside the baseline", f"Left out: {error}")]


def _beside_history(rows: pl.DataFrame, history: str, baseline: str | None) -> tuple[list[Grid], list[Grid]]:
    """The comparison, or else why there is none."""
    try:
        return beside.grids(rows, load_history(history), baseline), []
    except RequestError as error:
        return [], [message("Beside history", f"Left out: {error}")]


def check(history: str | None, baseline: str | None) -> None:
    """Before anything is measured: raise RequestError for a history or a baseline that cannot work out.

    A baseline that is no machine of the history may still be the machine, or the row, that is about to be measured.
    """
    if baseline is not None:
        Named.of(baseline)
    if history is None:
        return
    rows = beside.labelled(load_history(history).rows)
    if baseline is not None and rows["label"].str.to_lowercase().str.contains(baseline.lower(), literal=True).any():
        beside.pick_baseline(rows.with_columns(is_history=pl.lit(True)), baseline)
