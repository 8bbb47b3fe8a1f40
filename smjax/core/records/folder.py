"""Where records are read from: run folders, each with `records/ID.json`, the truth that all else is derived from."""

from __future__ import annotations

import contextlib
import gc
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.records.document import canonical_json, load_record
from smjax.core.records.per_point import per_point
from smjax.core.records.record import Record
from smjax.core.text import printable

RECORDS = "records"
"""Name of the folder in a run folder."""


@dataclass(frozen=True)
class Loaded:
    """The records of run folders, in one order whatever the folders' order; equal records count once."""

    records: list[Record]
    refused: list[str]
    """A line for each file that is no record: which field of it is wrong, and what to do."""
    folder: Path | None = field(default=None, compare=False)
    """Where they are from, if it is one folder."""


def load_records(run_dirs: Sequence[Path]) -> Loaded:
    """All records of the run folders; raises RequestError for a folder in which there is none that can be read."""
    return together([_load_some(run_dir) for run_dir in run_dirs])


def together(parts: Sequence[Loaded]) -> Loaded:
    """Those of several folders as if they were one's, but that two runs stay two.

    Of records without a run, as they were before runs had ids, each folder's have its name for one.
    """
    names = _told_apart([part.folder for part in parts if part.folder])
    found = [
        record if record.run or part.folder not in names else _of_run(names[part.folder], record)
        for part in parts
        for record in part.records
    ]
    folder = parts[0].folder if len(parts) == 1 else None
    return Loaded(_merged(found), [line for part in parts for line in part.refused], folder)


def _load_some(run_dir: Path) -> Loaded:
    loaded = load_folder(run_dir)
    if not loaded.records:
        expected = f"{printable(str(run_dir), 500)}: expected a run folder with {RECORDS}/*.json"
        raise RequestError(loaded.refused[0] if loaded.refused else f"{expected}, {found_instead(run_dir)}")
    return loaded


def found_instead(path: Path, nothing: str = "none") -> str:
    """What is at a path where a run folder should be, and what to do: of what lies in one, that one is meant."""
    above = path.parent / RECORDS
    if above == path or (path.is_file() and above.is_dir()):
        what = f"its {RECORDS}" if above == path else "a file of one"
        return f"found {what}; name the folder itself, {printable(str(path.parent), 500)}"
    return f"found {'a file' if path.is_file() else nothing}; name a folder that a run wrote"


def load_folder(run_dir: Path) -> Loaded:
    """The records of one folder, which may have none; of a microbenchmark's process one for each point."""
    found, refused = list[Record](), list[str]()
    with no_garbage():
        for path in record_paths(run_dir):
            try:
                found += per_point(load_record(path))
            except RequestError as error:
                refused.append(str(error))
    return Loaded(_merged(found), refused, run_dir)


def folders_below(root: Path) -> Iterator[Path]:
    """Every folder at or below `root` that holds records, in a fixed order; links are not followed."""
    for folder, names, _ in os.walk(root):
        names.sort()
        if RECORDS in names:
            names.remove(RECORDS)
            yield Path(folder)


def record_paths(run_dir: Path) -> list[Path]:
    """The record files of a run folder; hidden files are unfinished writes."""
    return sorted(path for path in (run_dir / RECORDS).glob("*.json") if not path.name.startswith("."))


@contextlib.contextmanager
def no_garbage() -> Iterator[None]:
    """Of thousands of new lists none refers to itself, and looking for that took three fifths of the time to read."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _told_apart(folders: Sequence[Path]) -> dict[Path, str]:
    """Of several folders as much of the end of each path as tells it from the others."""
    parts = {folder: folder.resolve().parts for folder in folders}
    several = len(set(parts.values()))
    for depth in range(1, max(map(len, parts.values())) + 1 if several > 1 else 0):
        names = {folder: "/".join(whole[-depth:]) for folder, whole in parts.items()}
        if len(set(names.values())) == several:
            return names
    return {}


def _of_run(run: str, record: Record) -> Record:
    return replace(record, run=run, document={**record.document, "run": run})


def _merged(records: Sequence[Record]) -> list[Record]:
    """Each once."""
    found = sorted(records, key=lambda record: record.run, reverse=True)  # of equal ones in two folders the first's
    once = dict(zip(contents(found), found, strict=True))
    return sorted(once.values(), key=lambda record: (record.date, record.id, record.line))


def contents(records: Sequence[Record]) -> list[str]:
    """A text for each: two of one name and date are the same if their values are, however their lines are written."""
    names = Counter((record.date, record.id) for record in records)
    return [
        canonical_json(json.loads(record.line)) if names[record.date, record.id] > 1 else record.line
        for record in records
    ]
