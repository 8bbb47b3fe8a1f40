"""Writes imported records into a run folder: all of them or none, and none a second time."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.files import passing_folder
from smjax.core.records.document import write_record
from smjax.core.records.folder import RECORDS, load_folder
from smjax.core.records.record import Record
from smjax.core.text import printable


@dataclass(frozen=True)
class Written:
    """What became of the records of one import."""

    new: int
    known: int
    """That were there already."""


def write(folder: Path, records: Sequence[Record]) -> Written:
    """Put them with what is in `folder`; raises RequestError, leaving all as it was, where that is none of imports."""
    there = {record.id: record for record in _imported(folder)}
    new = [record for record in records if record.id not in there]
    for record in records:
        if record.id in there and _claims(there[record.id]) != _claims(record):
            raise RequestError(
                f"{_shown(folder)}: expected {record.id} as it was imported before, found it with another --model, "
                "--machine or meaning; name another --out"
            )
    try:
        if new:
            _put(folder, new)
    except OSError as error:
        reason = printable(error.strerror or str(error))
        raise RequestError(
            f"{_shown(folder)}: expected to write {len(new)} records, found: {reason}; nothing was imported"
        ) from error
    return Written(len(new), len(records) - len(new))


def _imported(folder: Path) -> list[Record]:
    """The records that are there, all of them imported."""
    if folder.exists() and not folder.is_dir():
        raise RequestError(f"--out {_shown(folder)}: expected a folder, found something else; name another")
    loaded = load_folder(folder)
    if loaded.refused:
        raise RequestError(loaded.refused[0])
    measured = sum(record.provenance != "imported" for record in loaded.records)
    if measured:
        raise RequestError(
            f"--out {_shown(folder)}: expected a folder without measured records, found {measured}; name another: "
            "smjax report takes several"
        )
    return loaded.records


def _claims(record: Record) -> object:
    """What of an import depends on what was said when it was imported, and not on the file alone."""
    kept = record.imported and replace(record.imported, file="")
    return record.model.hash, record.machine, record.identity, record.scenario.label, kept


def _put(folder: Path, records: Sequence[Record]) -> None:
    """Each whole, and all of them: what was put in its place is taken away again where a later one cannot be."""
    is_new = not folder.exists()
    moved = list[Path]()
    try:
        with passing_folder(folder) as staged:
            names = [write_record(staged, record).name for record in records]
            (folder / RECORDS).mkdir(exist_ok=True)
            for name in names:
                (staged / name).replace(folder / RECORDS / name)
                moved.append(folder / RECORDS / name)
    except BaseException:
        for path in moved:
            path.unlink(missing_ok=True)
        if is_new:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _shown(folder: Path) -> str:
    return printable(str(folder), 500)
