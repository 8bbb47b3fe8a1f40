"""What runs are called in tables: when they began, as their ids say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from smjax.report.render.grid import Row

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


def with_short_runs(rows: Sequence[Row]) -> list[Row]:
    """The rows, each with the name of its run."""
    names = short_names(row["run"] for row in rows if row["run"])
    return [row | {"run": names.get(row["run"])} for row in rows]
