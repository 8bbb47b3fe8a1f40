"""Pictures of rows that no interval can be told of: their processes in the order of time."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.core.records.columns import METRICS
from smjax.report.data.course import ALONE_FROM
from smjax.report.data.main_figure import main_figure
from smjax.report.data.names import name_row
from smjax.report.render.grid import Row
from smjax.report.render.picture import Picture
from smjax.report.tables.reasons import reason_of
from smjax.stats.intervals import TESTABLE

MOST = 6
"""Pictures of a table."""
_ALONE, _SHARED, _UNKNOWN = "o", "x", "o"


def worth_a_picture(rows: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """Rows whose processes have two speeds or a trend, and a note on how many more of them are left out."""
    found = [row for row in rows if _is_worth_it(row)]
    left = len(found) - MOST
    return found[:MOST], [f"and {left} more with two speeds or a trend, which are not drawn"] if left > 0 else []


def _is_worth_it(row: Row) -> bool:
    values = row[f"{main_figure(row)}_medians"]
    return bool(reason_of(row)) and len(values) >= TESTABLE and min(values) < max(values)


def pictures(drawn: Sequence[Row], rows: Sequence[Row]) -> list[Picture]:
    """One for each row of `drawn`, named as `rows` need it."""
    return [_picture(row, rows) for row in drawn]


def _picture(row: Row, rows: Sequence[Row]) -> Picture:
    figure = main_figure(row)
    values, shares = row[f"{figure}_medians"], row.get("alone_shares") or []
    caption = f"{name_row(row, rows)}: {METRICS[figure].heading} of its {len(values)} processes; {reason_of(row)}"
    below = "processes in the order of time"
    if len(shares) != len(values) or None in shares:
        return Picture(caption, tuple(values), _UNKNOWN * len(values), below)
    marks = "".join(_ALONE if share >= ALONE_FROM else _SHARED for share in shares)
    return Picture(caption, tuple(values), marks, f"{below}; {_ALONE} alone, {_SHARED} on shared cores")
