"""The columns of a table of microbenchmarks, and what stands above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from smjax.core.numbers import significant
from smjax.core.records.columns import METRICS
from smjax.report.data.main_figure import CALL, LOOP
from smjax.report.render.grid import NOTHING, Cell, GridColumn, Row
from smjax.report.tables.captions import are_pooled, certainty, not_testable
from smjax.report.tables.column_cells import IN_TABLES

KEYS = (
    *("cpu", "os", "host", "machine", "run", "label", "engine"),
    *("op", "shape", "cache", "kernel", "isa", "threads"),
)
"""What tells rows apart."""
_FIGURES = (
    *("replicates", CALL, LOOP, "gflop_per_s", "op_gb_per_s", "peak_share", "bandwidth_share"),
    *("temp_bytes", "growth_bytes_per_1000_calls"),
)
_LAST = ("jaxlib", "smjax", "python", "packages", "interpreter", "identity", "provenance", "flags", "status")
COLUMNS = (*KEYS, *_FIGURES, *_LAST)
_WHAT = "{call}: a call from Python; {loop}: one of many in a loop in one program. Medians over {unit}; {certainty}."
_RATES = "Rates and shares are by the loop, or by the call where there is none."
_SHARES = (
    " Shares are of what as many threads of the same process do at best: arithmetic of that kind, and moving as many "
    "bytes, which fit into the level named."
)


def captions(rows: Sequence[Row]) -> list[str]:
    """The lines above it."""
    if not any(row["replicates"] for row in rows):
        return ["No process finished ok: no figures."]
    unit = "runs" if are_pooled(rows) else "processes"
    call, loop = (METRICS[name].heading for name in (CALL, LOOP))
    told = _WHAT.format(call=call, loop=loop, unit=unit, certainty=certainty(rows))
    has_shares = any(row[name] is not None for row in rows for name in ("peak_share", "bandwidth_share"))
    return [told, _RATES + (_SHARES if has_shares else ""), *not_testable(rows)]


def column(name: str) -> GridColumn:
    """One column of it."""
    shown = IN_TABLES[name]
    if name in _CELLS:
        shown = replace(shown, cell=_CELLS[name])
    return replace(shown, show="varies") if name in _ONCE else shown


def _processes(row: Row) -> Cell:
    return Cell(row["replicates"], str(row["replicates"]))


def _share(name: str, of: str = "") -> Callable[[Row], Cell]:
    """With two digits, as nobody knows how certain it is, and with what it is a share of."""

    def cell(row: Row) -> Cell:
        if row[name] is None:
            return NOTHING
        return Cell(row[name], " ".join(filter(None, [significant(row[name], 2), row.get(of)])))

    return cell


_ONCE = ("replicates", "threads", "temp_bytes", "growth_bytes_per_1000_calls", "provenance", "status")
"""What is said above the table where it is the same for all rows."""
_CELLS: dict[str, Callable[[Row], Cell]] = {
    "replicates": _processes,
    "peak_share": _share("peak_share"),
    "bandwidth_share": _share("bandwidth_share", "level"),
}
"""Where a cell says something else than in a table of answers."""
