"""Why figures of several processes, or runs, have no interval."""

from __future__ import annotations

from smjax.report.data.main_figure import main_figure
from smjax.report.render.grid import Row
from smjax.report.tables.captions import is_single


def reason_of(row: Row, name: str = "") -> str:
    """Of a figure, or of the one that the row is judged by.

    Empty where it has an interval or is not known, and where there is one process or run of the row: that it is one is
    said above the table.
    """
    name = name or main_figure(row)
    reason: str = (row.get("why_none") or {}).get(name) or ""
    return "" if not reason or row[name] is None or is_single(row) else reason
