"""`smjax report`: rebuilds the summaries of run folders from their records alone, and merges machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.records.folder import RECORDS, Loaded, load_records, together
from smjax.report.data.contents import Contents
from smjax.report.data.history import load_history
from smjax.report.data.pool import pool_runs
from smjax.report.data.profile_files import profiles_in
from smjax.report.data.rows import scenarios
from smjax.report.page.write import write_page
from smjax.report.plots.plot import Kind
from smjax.report.tables import beside, from_records, run_table
from smjax.report.tables.after_run import Written, check, write_derived
from smjax.report.tables.report import Report


def rebuild(
    dirs: Sequence[Path],
    out: Path | None,
    history: str | None,
    baseline: str | None,
    is_pooled: bool = False,
    html: Path | None = None,
    pictures: Mapping[Kind, Path] | None = None,
) -> Report:
    """The tables of all folders together; their summaries are written again.

    Without `out` every folder gets its own. With `out` the merged summaries (and the comparison with history) are
    written there and the run folders are left alone. With `is_pooled` a row is of all runs of a thing; such rows are
    written to `out` alone. The page of all of them is written to `html`, too, and its pictures to the folders
    `pictures`. Ratios to a `baseline` are shown, and in no summary: those follow from the records alone.
    Raises RequestError for a folder of whose records none can be read, and an unknown history or baseline.
    """
    folders = _distinct(dirs)
    _check_out(folders, out, is_pooled)
    check(history, baseline)
    parts = [load_records([folder]) for folder in folders]
    whole = together(parts)
    rows = scenarios(whole.records)
    rows = pool_runs(rows) if is_pooled else rows
    profiles, unread = profiles_in(folders)
    contents = Contents(whole.records, rows, (*whole.refused, *unread), profiles)
    own = run_table.grids(rows) if is_pooled else from_records.grids(whole.records, rows)  # a pool is of no one sweep
    compared = [] if history is None else beside.grids(rows, load_history(history), baseline)
    shown = from_records.with_baseline(own, whole.records, rows, baseline) if baseline and history is None else own
    if out is not None or (len(folders) == 1 and not is_pooled):
        written = [write_derived(out or folders[0], contents, own, compared)]
    else:
        each = zip(folders, parts, strict=True)
        written = [_write_own(folder, part) for folder, part in each if not is_pooled]
    written += [_write_page(html, contents)] if html is not None else []
    written += [_write_pictures(contents, pictures)] if pictures else []
    paths = [path for found, _ in written for path in found]
    complaints = [text for _, found in written for text in found]
    return Report((*shown, *compared), tuple(paths), (*contents.refused, *complaints), contents)


def _write_own(folder: Path, part: Loaded) -> Written:
    """The summaries of one folder, as its own run has written them."""
    profiles, unread = profiles_in([folder])
    contents = Contents(part.records, scenarios(part.records), (*part.refused, *unread), profiles)
    return write_derived(folder, contents, from_records.grids(contents.records, contents.rows), [])


def _write_page(path: Path, contents: Contents) -> Written:
    try:
        return (write_page(path, contents),), ()
    except RequestError as error:
        return (), (str(error),)


def _write_pictures(contents: Contents, folders: Mapping[Kind, Path]) -> Written:
    from smjax.report.plots import export, plots  # it is altair that takes its time

    try:
        drawn = plots(contents)
        return tuple(path for kind, folder in folders.items() for path in export.write(drawn, folder, kind)), ()
    except RequestError as error:
        return (), (str(error),)


def _distinct(dirs: Sequence[Path]) -> list[Path]:
    """The folders in the order they were named, each once whatever it was called."""
    if not dirs:
        raise RequestError("report: expected at least one run folder, found none; name a folder that a run has written")
    return list({folder.resolve(): folder for folder in dirs}.values())


def _check_out(folders: Sequence[Path], out: Path | None, is_other: bool) -> None:
    """A merged summary in a run folder, or one that `is_other` anyway, would contradict the records beside it."""
    if out is not None and out.exists() and not out.is_dir():
        raise RequestError(f"--out {out}: expected a folder, found something else; name another")
    if out is None or (not is_other and [out.resolve()] == [folder.resolve() for folder in folders]):
        return
    if (out / RECORDS).exists():
        raise RequestError(
            f"--out {out}: expected a folder without records of its own, found some; name another folder"
        )
