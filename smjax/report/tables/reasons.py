"""Why rows of several processes, or runs, have no interval."""

from __future__ import annotations

from smjax.report.render.grid import Row

_OF_ONE = ("one process", "one run")
"""Said above the table."""


def reason_of(row: Row) -> str:
    """The reason; empty where there is an interval, no figure, or only one of what there would have to be several."""
    reason = row.get("no_interval_reason") or ""
    return "" if reason in _OF_ONE or not row["replicates"] else reason
