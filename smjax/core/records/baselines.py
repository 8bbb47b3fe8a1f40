"""Saved baselines: copies of runs' records under a name, in the user's state folder."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from smjax.core.errors import RequestError
from smjax.core.files import passing_folder, read_regular
from smjax.core.nearest import nearest
from smjax.core.output import complain
from smjax.core.records.document import RECORD_BYTES_MAX
from smjax.core.records.folder import RECORDS, found_instead, load_records, record_paths
from smjax.core.text import printable

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def home() -> Path:
    """The folder that holds them."""
    return platformdirs.user_state_path("smjax") / "baselines"


def saved() -> list[str]:
    """Names of the baselines that there are."""
    with contextlib.suppress(OSError):
        return sorted(path.name for path in home().iterdir() if _NAME.fullmatch(path.name) and record_paths(path))
    return []


def is_free(name: str) -> bool:
    """Whether a run can be saved under this name."""
    return bool(_NAME.fullmatch(name)) and not (home() / name).exists()


def save(name: str, run_dir: Path, replace: bool = False) -> int:
    """Copy the records of a run, all of them or none; returns how many.

    Raises RequestError for a name that is none or is taken, and for a folder that has no records or damaged ones.
    """
    target = home() / _checked(name)
    loaded = load_records([run_dir])
    if loaded.refused:
        raise RequestError(f"baseline: expected whole records, found {loaded.refused[0]}")
    if target.exists() and not replace:
        raise RequestError(
            f"baseline {name}: expected a new name, found one that is taken; write --replace, or another"
        )
    paths = record_paths(run_dir)
    try:
        with passing_folder(target.parent) as folder:
            (folder / RECORDS).mkdir()
            for path in paths:
                (folder / RECORDS / path.name).write_bytes(read_regular(path, RECORD_BYTES_MAX, "a record"))
            _put(folder, target)
    except OSError as error:
        reason = printable(error.strerror or str(error))
        raise RequestError(
            f"baseline {name}: expected to write {target}, found: {reason}; nothing was saved"
        ) from error
    return len(paths)


def folder_of(run: str) -> Path:
    """The folder that is meant: one of that path, else the baseline of that name; raises RequestError for neither."""
    path, names = Path(run), saved()
    if path.is_dir():
        if run in names:
            complain(f"{run}: taking the folder, not the baseline of that name")
        return path
    if run in names:
        return home() / run
    if path.is_file():
        raise RequestError(
            f"{printable(run, 500)}: expected a run folder or the name of a saved baseline, {found_instead(path)}"
        )
    others = [*names, *(str(one) for one in _folders(path.parent))]
    meant = nearest(run, others)
    fix = f"did you mean {printable(meant)}?" if meant else "check the path, or see smjax baseline list"
    raise RequestError(
        f"{printable(run, 500)}: expected a run folder or the name of a saved baseline, found neither; {fix}"
    )


def _folders(parent: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from (path for path in parent.iterdir() if path.is_dir())


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise RequestError(
            f"baseline {printable(name)}: expected a name of up to 64 letters, digits, dots, dashes and underscores "
            "that begins with a letter or digit, found another; write another name"
        )
    return name


def _put(folder: Path, target: Path) -> None:
    """In its place, with what was there taken away after that."""
    old = folder.with_name(f"{folder.name}.old")
    if target.exists():
        target.rename(old)
    try:
        folder.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
