"""What a run leaves, as tests compare it."""

from __future__ import annotations

import csv
from pathlib import Path

from smjax.core.records.document import read_record


def contents(folder: Path) -> dict[str, bytes]:
    """Every record's file; hidden ones are unfinished writes."""
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*")}


def slots(folder: Path) -> list[tuple[int, int, int, str]]:
    """Threads, replicate, attempt and status of each record."""
    found = [read_record(path) for path in folder.glob("[!.]*.json")]
    assert len({record["id"] for record in found}) == len(found)
    return sorted((r["scenario"]["threads"], r["replicate"], r["attempt"], r["status"]) for r in found)


def rows(run_dir: Path) -> list[dict[str, str]]:
    """The summary without what differs from day to day."""
    lines = list(csv.DictReader((run_dir / "summary.csv").read_text().splitlines()))
    return [{name: value for name, value in line.items() if name not in ("date", "run")} for line in lines]
