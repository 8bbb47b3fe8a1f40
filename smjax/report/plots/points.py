"""What a mark says of the row that it stands for: its figure, how certain it is, and where it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from smjax.core.numbers import plural, significant
from smjax.core.records.columns import COLUMNS, PROVENANCES
from smjax.core.text import printable
from smjax.report.data.figures import with_interval

BY_NAME = {column.name: column for column in COLUMNS}
LONGEST = 200
"""Characters of a text that others wrote, where it is told whole."""
_UNITS = {"us": "\N{MICRO SIGN}s"}
_TOLD = {
    "row": "Row",
    "figure": "Figure",
    "interval": "95 % interval",
    "n": "n",
    "provenance": "Provenance",
    "flags": "Flags",
}

Row = Mapping[str, Any]


def needed(name: str) -> list[str]:
    """Columns that the mark of a figure takes; runs are there where these are pooled."""
    ends = [f"{name}_lo", f"{name}_hi"] if name in with_interval() else []
    return ["replicates", "runs", "provenance", "flags", "why_none", name, *ends]


def there(rows: pl.DataFrame, columns: Iterable[str]) -> list[str]:
    """Those of the columns that rows have."""
    return [name for name in columns if name in rows.columns]


def mark(row: Row, name: str, called: str) -> dict[str, Any]:
    """The figure `name` of a row as `y`, its interval as `lo` and `hi`, and what a tooltip tells, as texts."""
    lo, hi = row.get(f"{name}_lo"), row.get(f"{name}_hi")
    return {
        "y": row[name],
        "lo": lo,
        "hi": hi,
        "figure": with_unit(row[name], name),
        "interval": interval_of(row, name),
        **of_row(row, called),
    }


def of_row(row: Row, called: str) -> dict[str, str]:
    """What is told of the row whatever its figure."""
    return {
        "row": printable(called, LONGEST),
        "n": _count(row),
        "provenance": row["provenance"] if row["provenance"] in PROVENANCES else "unknown",
        "flags": printable((row["flags"] or "none").replace(";", ", "), LONGEST),
    }


def _count(row: Row) -> str:
    """Of what the interval is over: runs, where these are pooled."""
    if (runs := row.get("runs")) is not None:
        return plural(runs, "run", "runs")
    return plural(row["replicates"] or 0, "process", "processes")


def with_unit(value: float | None, name: str) -> str:
    """A figure in words: "4210 tok/s"."""
    unit = _UNITS.get(BY_NAME[name].unit, BY_NAME[name].unit)
    return f"{significant(value)} {unit}" if unit not in ("", "ratio") else significant(value)


def signed(share: float) -> str:
    """As "+4.6 %"."""
    return f"{share:+.1%}".replace("%", " %").replace("-", "\N{MINUS SIGN}")


def interval_of(row: Row, name: str) -> str:
    """In words, or why there is none."""
    lo, hi = row.get(f"{name}_lo"), row.get(f"{name}_hi")
    if lo is not None and hi is not None:
        return f"{significant(lo)} to {significant(hi)}"
    why = (row["why_none"] or {}).get(name) if name in with_interval() else "of this figure there is none"
    return f"none: {why}" if why else "none"


def tooltip(heading: str, more: Mapping[str, str] | None = None) -> Sequence[Any]:
    """What every mark of `mark` tells, the figure under its own name; `more`: fields, by their titles."""
    import altair as alt

    titles = _TOLD | {"figure": heading} | dict(more or {})
    return [alt.Tooltip(field=field, type="nominal", title=title) for field, title in titles.items()]
