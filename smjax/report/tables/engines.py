"""Which builds of engines a table compares: said once of each engine, and of its rows what tells two builds apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from smjax.report.data.builds import SEPARATOR
from smjax.report.render.grid import Row

_OURS = "smjax"
"""Whose versions have columns of their own."""


def caption(rows: Sequence[Row]) -> list[str]:
    """What is the same in all rows of each engine; nothing where smjax is the only one."""
    common = _common(rows)
    if set(common) <= {_OURS}:
        return []
    told = [f"{engine}: {SEPARATOR.join(parts)}" for engine, parts in common.items() if parts]
    return [f"Engines: {'; '.join(told)}."] if told else []


def with_what_differs(rows: Sequence[Row]) -> list[Row]:
    """The rows, each with as much of `engine_version` as not all rows of its engine have."""
    common = _common(rows)
    return [row | {"engine_version": SEPARATOR.join(_left(row, common)) or None} for row in rows]


def _left(row: Row, common: dict[str, list[str]]) -> list[str]:
    if row["engine"] == _OURS:
        return []
    return [part for part in _parts(row) if part not in common[_who(row)]]


def _who(row: Row) -> str:
    """The engine, and of rows that were not measured here what they are: their sources say other things of it."""
    engine = row["engine"] or ""
    return engine if row["provenance"] == "measured" else f"{engine} ({row['provenance']})"


def _common(rows: Sequence[Row]) -> dict[str, list[str]]:
    """By engine what all of its rows that know say."""
    known = defaultdict[str, list[list[str]]](list)
    for row in rows:
        known[_who(row)] += [_parts(row)] if row["engine_version"] else []
    return {
        engine: [part for part in (parts[0] if parts else []) if all(part in other for other in parts)]
        for engine, parts in known.items()
    }


def _parts(row: Row) -> list[str]:
    return row["engine_version"].split(SEPARATOR) if row["engine_version"] else []
