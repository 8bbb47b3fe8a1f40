"""`smjax report`: the summaries of run folders, rebuilt from their records, and what is odd about them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from smjax.core import signals
from smjax.core.errors import RequestError
from smjax.core.nearest import nearest
from smjax.core.output import complain
from smjax.core.records.document import read_record
from smjax.core.records.folder import RECORDS, found_instead, record_paths

EXAMPLES = {
    "smjax report outputs": "all runs below a folder",
    "smjax report mine theirs --out both": "two machines beside each other, in a folder of their own",
    "smjax report outputs/today --svg pictures": "each picture of a run as a file",
    "smjax report outputs/today --audit": "what is odd about a run",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose summaries, and beside what."""
    parser.add_argument(
        "dirs",
        nargs="*",
        type=Path,
        metavar="DIR",
        help="a run folder, or a folder above several, as outputs; to audit, a file of results too",
    )
    parser.add_argument("--audit", action="store_true", help="only say which rows can hardly be measurements, and why")
    beside = parser.add_argument_group("what stands beside what")
    beside.add_argument("--pool", choices=["runs"], help="one row for all runs of a thing, the run being the unit")
    beside.add_argument("--baseline", metavar="ROW", help="what ratios are taken to: engine=llama_cpp, a name")
    beside.add_argument(
        "--history", metavar="HISTORY", help="published results to show beside: a shipped name or a file"
    )
    files = parser.add_argument_group("files")
    files.add_argument("--out", type=Path, metavar="DIR", help="write one merged summary there")
    files.add_argument("--html", type=Path, nargs="?", metavar="FILE", help="the page of all of them, to a file too")
    for kind in ("svg", "png"):
        files.add_argument(f"--{kind}", type=Path, metavar="DIR", help=f"each picture as a file NAME.{kind} there")


def call(arguments: argparse.Namespace) -> int:
    """Print the tables, or the audit."""
    dirs = run_folders(arguments.dirs)
    if arguments.audit:
        return _audit(arguments, dirs)
    from smjax.report.plots.plot import Kind
    from smjax.report.tables.rebuild import rebuild
    from smjax.report.tables.report import tell

    a = arguments
    kinds: dict[Kind, Path | None] = {"svg": a.svg, "png": a.png}
    pictures = {kind: folder for kind, folder in kinds.items() if folder is not None}
    with signals.raised():
        return tell(rebuild(dirs, a.out, a.history, a.baseline, a.pool is not None, a.html, pictures))


def run_folders(named: Sequence[Path]) -> list[Path]:
    """The run folders that are meant: those that are named, and those below a folder that is none, the oldest first.

    Raises RequestError for a folder that has none; files are left to whoever reads them.
    """
    if not named:
        example = "outputs" if Path("outputs").is_dir() else "DIR"
        raise RequestError(f"report: expected a run folder, found none; write smjax report {example}")
    return [folder for path in named for folder in _meant(path)]


def _meant(path: Path) -> list[Path]:
    if not path.exists():
        raise RequestError(f"{path}: expected a run folder, found no such folder{_fix(path)}")
    if not path.is_dir() or record_paths(path):
        return [path]
    found = sorted(_below(path), key=_started)
    if not found:
        raise RequestError(
            f"{path}: expected a run folder with {RECORDS}/*.json, {found_instead(path, 'none, nor any below')}"
        )
    names = ", ".join(str(folder.relative_to(path)) for folder in found)
    complain(f"{path}: {len(found)} run folder{'s' * (len(found) > 1)} below: {names}")
    return found


def _below(path: Path) -> list[Path]:
    """Run folders are not looked into: what lies inside of them is theirs."""
    found = []
    for name, folders, _ in os.walk(path):
        if record_paths(Path(name)):
            found.append(Path(name))
            folders.clear()
    return found


def _started(folder: Path) -> tuple[str, str]:
    """When the run's oldest readable record was made; a folder that was copied has lost the times of its files."""
    dates = []
    for path in record_paths(folder):
        try:
            dates.append(str(read_record(path).get("date") or ""))
        except RequestError:  # whoever reads it for its figures says so
            continue
    return min(dates, default=""), str(folder)


def _fix(path: Path) -> str:
    try:
        meant = nearest(path.name, (one.name for one in path.parent.iterdir() if one.is_dir()))
    except OSError:
        return "; check the path"
    return f"; did you mean {path.parent / meant}?" if meant else "; check the path"


def _audit(arguments: argparse.Namespace, dirs: Sequence[Path]) -> int:
    from smjax.report.audit.command import audit
    from smjax.report.tables.report import complain_of

    if arguments.out or arguments.history or arguments.baseline or arguments.pool:
        raise RequestError(
            "--audit: expected no --out, --pool, --history or --baseline, found one; audit or report, one at a time"
        )
    refused: list[str] = []
    print(audit(dirs, refused.append), end="")
    return complain_of(refused)
