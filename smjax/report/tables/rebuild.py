"""`smjax report`: rebuilds the summaries of run folders from their records alone, and merges machines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.records.folder import RECORDS, load_records, together
from smjax.report.data.history import load_history
from smjax.report.data.rows import scenarios
from smjax.report.tables import beside, run_table
from smjax.report.tables.after_run import check, write_derived
from smjax.report.tables.report import Report


def rebuild(dirs: Sequence[Path], out: Path | None, history: str | None, baseline: str | None) -> Report:
    """The tables of all folders together; their summaries are written again.

    Without `out` every folder gets its own. With `out` the merged summaries (and the comparison with history) are
    written there and the run folders are left alone. Raises RequestError for a folder of whose records none can be
    read, and an unknown history or baseline.
    """
    folders = _distinct(dirs)
    _check_out(folders, out)
    check(history, baseline)
    parts = [load_records([folder]) for folder in folders]
    whole = together(parts)
    rows = scenarios(whole.records)
    compared = [] if history is None else beside.grids(rows, load_history(history), baseline)
    if out is not None or len(folders) == 1:
        written = [write_derived(out or folders[0], whole.records, rows, compared)]
    else:
        written = [
            write_derived(folder, part.records, scenarios(part.records))
            for folder, part in zip(folders, parts, strict=True)
        ]
    paths, complaints = (sum(texts, ()) for texts in zip(*written, strict=True))
    return Report((*run_table.grids(rows), *compared), paths, (*whole.refused, *complaints))


def _distinct(dirs: Sequence[Path]) -> list[Path]:
    """The folders in the order they were named, each once whatever it was called."""
    if not dirs:
        raise RequestError("report: expected at least one run folder, found none; name a folder that a run has written")
    return list({folder.resolve(): folder for folder in dirs}.values())


def _check_out(folders: Sequence[Path], out: Path | None) -> None:
    """A merged summary in a run folder would contradict the records beside it."""
    if out is not None and out.exists() and not out.is_dir():
        raise RequestError(f"--out {out}: expected a folder, found something else; name another")
    if out is None or [out.resolve()] == [folder.resolve() for folder in folders]:
        return
    if (out / RECORDS).exists():
        raise RequestError(
            f"--out {out}: expected a folder without records of its own, found some; name another folder"
        )
