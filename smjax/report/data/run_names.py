"""What runs are called: when they began, as their ids say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

_FORMATS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")
_STAMP = "%Y%m%dT%H%M%SZ"
"""How an id begins, before a dash."""


def short_names(runs: Iterable[str]) -> dict[str, str]:
    """By id a name: the minute, or the second, in which it began (UTC), if that tells them apart; else the id."""
    ids = list(dict.fromkeys(runs))
    for form in _FORMATS:
        names = {run: _name(run, form) for run in ids}
        if len(set(names.values())) == len(ids):
            return names
    return dict(zip(ids, ids, strict=True))


def _name(run: str, form: str) -> str:
    try:
        return datetime.strptime(run.partition("-")[0], _STAMP).strftime(form)
    except ValueError:  # a folder's name, or another tool's
        return run


def with_short_runs(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows, each with the name of its run."""
    names = short_names(row["run"] for row in rows if row.get("run"))
    return [{**row, "run": names.get(row.get("run") or "")} for row in rows]
