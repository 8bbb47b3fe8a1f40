"""Earlier runs below a folder: the newest, and no more of them than are read in a second or two."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from smjax.core.numbers import plural
from smjax.core.records.folder import RECORDS, folders_below, load_folder, record_paths
from smjax.core.records.record import Record
from smjax.core.text import printable

MOST_BYTES = 32_000_000
"""Of record files: a thousand records or fewer, which take one to two seconds."""
_LEAST_BYTES = 32_000
"""What a record counts as at least: a short one takes half as long as one of this size."""


@dataclass(frozen=True)
class Run:
    """The records of one folder."""

    folder: Path
    records: Sequence[Record]


@dataclass(frozen=True)
class Earlier:
    """What is known of runs that were."""

    root: Path
    runs: Sequence[Run]
    """The newest first."""
    left_out: int = 0
    """Folders that are older, and were not read."""
    broken: int = 0
    """Files that are no records."""

    @property
    def name(self) -> str:
        """Of the folder, with how much of it is known."""
        part = f"the newest {plural(len(self.runs), 'run', 'runs')} of " if self.left_out else ""
        return f"{part}{printable(str(self.root))}"


def below(root: Path, without: Path | None = None) -> Earlier:
    """The runs at and below `root` but for one folder, the newest first, until `MOST_BYTES` are read."""
    own = without.resolve() if without is not None else None
    folders = sorted((folder for folder in folders_below(root) if folder.resolve() != own), key=_written, reverse=True)
    runs, broken, read = list[Run](), 0, 0
    for folder in folders:
        read += sum(map(_bytes, record_paths(folder)))
        if runs and read > MOST_BYTES:
            break
        loaded = load_folder(folder)
        runs.append(Run(folder, loaded.records))
        broken += len(loaded.refused)
    return Earlier(root, runs, len(folders) - len(runs), broken)


def _bytes(path: Path) -> int:
    with contextlib.suppress(OSError):
        return max(path.stat().st_size, _LEAST_BYTES)
    return _LEAST_BYTES


def _written(folder: Path) -> int:
    """When its records were last added to, ns."""
    with contextlib.suppress(OSError):
        return (folder / RECORDS).stat().st_mtime_ns
    return 0
