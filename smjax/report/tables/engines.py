"""Which builds of engines a table compares: said once of each engine, and of its rows what tells two builds apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from smjax.report.data.builds import SEPARATOR
from smjax.report.render.grid import Row

OURS = "smjax"
"""Whose versions have columns of their own."""


_PARTED = ("engine_version", "engine_args")
"""What is made of parts, of which an engine's rows have most in common."""


def caption(rows: Sequence[Row]) -> list[str]:
    """What is the same in all rows of each engine; nothing where smjax is the only one."""
    common = _common(rows)
    if set(common) <= {OURS}:
        return []
    told = [f"{engine}: {SEPARATOR.join(parts)}" for engine, parts in common.items() if parts]
    return [f"Engines: {'; '.join(told)}."] if told else []


def with_what_differs(rows: Sequence[Row]) -> list[Row]:
    """The rows, with as much of their builds and settings as not all rows of their engine have."""
    common = _common(rows)
    return [row | {name: _left(row, name, common[_who(row)]) for name in _PARTED} for row in rows]


def _left(row: Row, name: str, common: Sequence[str]) -> str | None:
    if _who(row) == OURS and name == "engine_version":
        return None
    return SEPARATOR.join(part for part in _parts(row, name) if part not in common) or None


def _who(row: Row) -> str:
    """The engine, and of rows that were not measured here what they are: their sources say other things of it."""
    engine = row["engine"] or ""
    return engine if row["provenance"] == "measured" else f"{engine} ({row['provenance']})"


def _common(rows: Sequence[Row]) -> dict[str, list[str]]:
    """By engine what all of its rows say that say anything."""
    found = defaultdict[str, list[str]](list)
    for name in _PARTED:
        known = defaultdict[str, list[list[str]]](list)
        for row in rows:
            known[_who(row)] += [parts] if (parts := _parts(row, name)) else []
        for engine, said in known.items():
            found[engine] += [part for part in (said[0] if said else []) if all(part in other for other in said)]
    return found


def _parts(row: Row, name: str) -> list[str]:
    return row[name].split(SEPARATOR) if row[name] else []
