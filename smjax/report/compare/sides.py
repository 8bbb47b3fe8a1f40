"""What a side of two is: a run, several with commas between them, or all those below a folder."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from smjax.core.records.baselines import folder_of
from smjax.core.records.folder import RECORDS, contents, folders_below, load_records
from smjax.core.records.record import Record
from smjax.report.compare.pairing import Runs


@dataclass(frozen=True)
class Side:
    """The runs that stand together on one side."""

    runs: Runs
    refused: list[str]
    """A line for each file that is no record."""

    @property
    def records(self) -> list[Record]:
        """All of them."""
        return [record for run in self.runs for record in run]

    @property
    def names(self) -> set[tuple[str, str]]:
        """Of its records."""
        return {(record.id, record.date) for record in self.records}


def load(named: str) -> Side:
    """The runs that are meant; raises RequestError where one is none."""
    folders = {folder.resolve(): folder for folder in run_folders(named)}
    loaded = [load_records([folder]) for folder in folders.values()]
    return Side(runs_of([one.records for one in loaded]), [line for one in loaded for line in one.refused])


def run_folders(named: str) -> Iterator[Path]:
    """The run folders that are meant; a folder's own name may have commas."""
    several = [part for part in named.split(",") if part]
    if len(several) > 1 and not Path(named).exists():
        for part in several:
            yield from run_folders(part)
        return
    folder = folder_of(named)
    inside = [] if (folder / RECORDS).is_dir() else list(folders_below(folder))
    yield from inside or [folder]


def runs_of(folders: Sequence[Sequence[Record]]) -> list[list[Record]]:
    """The runs that the records of folders are of, each record once: a copy, as a baseline is one, is no other run.

    Records that do not say their run are of their folder's.
    """
    found, seen = defaultdict[str | int, list[Record]](list), set[str]()
    numbered = [(number, record) for number, records in enumerate(folders) for record in records]
    for (number, record), content in zip(numbered, contents([record for _, record in numbered]), strict=True):
        if content not in seen:
            seen.add(content)
            found[record.run or number].append(record)
    return list(found.values())
