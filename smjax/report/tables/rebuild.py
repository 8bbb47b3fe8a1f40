"""`smjax report`: rebuilds the summaries of run folders from their records alone, and merges machines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.records.folder import RECORDS, load_records
from smjax.report.data.history import load_history
from smjax.report.data.rows import scenarios
from smjax.report.render import grid
from smjax.report.render.write import write_summaries
from smjax.report.tables import after_run, beside, run_table


def rebuild(dirs: Sequence[Path], out: Path | None, history: str | None, baseline: str | None) -> str:
    """Rebuild the summaries and return the tables of all folders together as Markdown.

    Without `out` every folder gets its own summaries again. With `out` the merged summaries (and the comparison with
    history) are written there and the run folders are left alone. Raises RequestError for a folder without
    records, a broken record, an unknown history or baseline, or a folder that cannot be written.
    """
    folders = _distinct(dirs)
    _check_out(folders, out)
    after_run.check(history, baseline)
    records = load_records(folders)
    rows = scenarios(records)
    compared = [] if history is None else beside.grids(rows, load_history(history), baseline)
    if out is not None or len(folders) == 1:
        target = out or folders[0]
        paths = write_summaries(target, records, rows, run_table.markdown(rows))
        paths += [after_run.write_comparison(target, compared)] if compared else []
    else:
        paths = [path for folder in folders for path in _rebuild(folder)]
    text = "\n".join([run_table.markdown(rows), *map(grid.markdown, compared)])
    return text + "\nFiles:\n\n" + "".join(f"- {path}\n" for path in paths)


def _rebuild(folder: Path) -> list[Path]:
    records = load_records([folder])
    rows = scenarios(records)
    return write_summaries(folder, records, rows, run_table.markdown(rows))


def _distinct(dirs: Sequence[Path]) -> list[Path]:
    """The folders in the order they were named, each once whatever it was called."""
    if not dirs:
        raise RequestError("report: expected at least one run folder, found none; name a folder that a run has written")
    return list({folder.resolve(): folder for folder in dirs}.values())


def _check_out(folders: Sequence[Path], out: Path | None) -> None:
    """A merged summary in a run folder would contradict the records beside it."""
    if out is None or [out.resolve()] == [folder.resolve() for folder in folders]:
        return
    if (out / RECORDS).exists():
        raise RequestError(
            f"--out {out}: expected a folder without records of its own, found some; name another folder"
        )
