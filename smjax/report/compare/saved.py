"""The baselines that are saved, as a table."""

from __future__ import annotations

from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.records import baselines
from smjax.core.records.folder import load_records
from smjax.core.text import printable
from smjax.report.compare.fields import machine_of
from smjax.report.compare.pairing import row_key
from smjax.report.render.grid import Grid, GridColumn, Row, draw, message, name_of

_COLUMNS = (
    GridColumn("name", name_of("name"), role="key"),
    GridColumn("measured", name_of("date")),
    GridColumn("machine", name_of("machine"), "any"),
    GridColumn("smjax", name_of("smjax"), "varies"),
    GridColumn("rows", name_of("rows"), numeric=True),
    GridColumn("processes", name_of("processes"), numeric=True),
)


def grid() -> tuple[tuple[Grid, ...], tuple[str, ...]]:
    """The table, and a line for each record that cannot be read."""
    rows, refused = list[Row](), list[str]()
    for name in baselines.saved():
        try:
            row, lines = _row(name, baselines.home() / name)
        except RequestError as error:
            refused.append(str(error))
        else:
            rows.append(row)
            refused += lines
    title = "Saved baselines"
    if not rows:
        return (message(title, "None. To keep one: smjax baseline save NAME DIR"),), tuple(refused)
    return (draw(title, [f"In {baselines.home()}."], _COLUMNS, rows),), tuple(refused)


def _row(name: str, folder: Path) -> tuple[Row, list[str]]:
    loaded = load_records([folder])
    records = loaded.records
    machines = dict.fromkeys(printable(machine_of(record)) for record in records)
    row = {
        "name": name,
        "date": min(record.date for record in records)[:16],
        "machine": ", ".join(machines),
        "smjax": ", ".join(dict.fromkeys(printable(record.smjax) for record in records)),
        "rows": len({row_key(record) for record in records}),
        "processes": len({(one.run, one.identity, one.replicate, one.attempt, one.date) for one in records}),
    }
    return row, loaded.refused
