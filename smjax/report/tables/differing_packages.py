"""What packages rows were computed with, as far as a reader of one table has to know it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from smjax.report.render.grid import Row
from smjax.report.tables.engines import OURS

_ELSEWHERE = ("jaxlib", "smjax")
"""Packages that have a column of their own."""


def with_differing_packages(rows: Sequence[Row]) -> list[Row]:
    """The rows, each with those packages alone that nothing else tells, and in which rows of its engine differ."""
    versions = [_versions(row) for row in rows]
    seen = defaultdict[tuple[str, str], set[str]](set)
    for row, own in zip(rows, versions, strict=True):
        for name, version in own.items():
            seen[row["engine"], name].add(version)
    told = [
        ", ".join(f"{name} {version}" for name, version in own.items() if len(seen[row["engine"], name]) > 1)
        for row, own in zip(rows, versions, strict=True)
    ]
    return [row | {"packages": text or None} for row, text in zip(rows, told, strict=True)]


def _versions(row: Row) -> dict[str, str]:
    """From `numpy=2.4.6, smjax=0.1.0`, as the summary has them."""
    parts = (part.partition("=") for part in (row["packages"] or "").split(", "))
    told = (row["engine_version"] or "") if row["engine"] != OURS else ""
    found = {name: version for name, _, version in parts if version and name not in _ELSEWHERE}
    return {name: version for name, version in found.items() if f"{name} {version}" not in told}
