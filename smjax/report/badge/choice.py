"""Which row of a run is meant: the only one, or the one that a text names."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from smjax.core.errors import RequestError
from smjax.core.records.alike import LINE, OP_POINT, POINT
from smjax.core.text import printable
from smjax.report.data.named import NAMES, Named, Row
from smjax.report.data.names import Names

_ASKED = tuple(dict.fromkeys(("model", *POINT, *OP_POINT, *LINE, *NAMES)))
"""What rows are told apart by, what a person asked for first."""
_VALUES = 6
"""Of a column, in one line."""


def chosen(rows: Sequence[Row], where: str | None) -> Row:
    """The row; raises RequestError, with what there is to choose from, where several are meant or none is."""
    if where is not None:
        names = list(map(Names([dict(row) for row in rows]).of, (dict(row) for row in rows)))
        rows = [rows[place] for place in Named.of(where, "--where").among(rows, names, names)]
    if len(rows) == 1:
        return rows[0]
    apart = _apart(rows)
    there = "; ".join(f"{name} {_listed(rows, name)}" for name in apart)
    example = " ".join(shlex.quote(f"{name}={printable(str(rows[0][name]), 40)}") for name in apart)
    meant = f"write for example --where {example}"
    raise RequestError(f"badge: expected one row, found {len(rows)}: {there}; {meant}")


def _apart(rows: Sequence[Row]) -> list[str]:
    """As few columns as tell every row from the others, that all of them know."""
    found = list[str]()
    parts = 1
    for name in _ASKED:
        if name not in NAMES or any(row.get(name) in (None, "") for row in rows):
            continue
        more = len({tuple(str(row[one]) for one in (*found, name)) for row in rows})
        if more > parts:
            found, parts = [*found, name], more
    return found


def _listed(rows: Sequence[Row], name: str) -> str:
    values = list(dict.fromkeys(printable(str(row[name]), 40) for row in rows))
    return ", ".join(values[:_VALUES]) + f" and {len(values) - _VALUES} more" * (len(values) > _VALUES)
