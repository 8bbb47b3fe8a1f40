"""How the summary's columns look in tables: headings and roles from `core/records/columns.py`, and each one's cell."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from smjax.core.numbers import plus_minus, significant
from smjax.core.records.column import Column
from smjax.core.records.columns import COLUMN_NAMES, COLUMNS, FIELDS
from smjax.core.records.flags import MODES_NOT_TESTABLE
from smjax.report.render.grid import NOTHING, Cell, GridColumn, Row, figure, name_of
from smjax.report.render.share import Share
from smjax.report.tables.reasons import reason_of
from smjax.stats.intervals import half_width


def with_reach(figure: float | None, lo: float | None, hi: float | None, digits: int = 3) -> str:
    """A figure and its interval: how far it reaches to either side, or itself where that would mislead."""
    told = significant(figure, digits)
    if figure is None or lo is None or hi is None:
        return told
    if hi > _TELLING * lo:
        return f"{told} (wide)"
    if is_lopsided(figure, lo, hi):
        return f"{told} ({significant(lo, max(digits, 2))} to {significant(hi, max(digits, 2))})"
    return f"{told} {plus_minus(half_width((lo, hi)))}"


def is_lopsided(figure: float, lo: float, hi: float) -> bool:
    """Whether ± would put one of the interval's ends elsewhere than it is, by more than three digits hide."""
    reach = half_width((lo, hi))
    off = max(abs(1 - reach - lo / figure), abs(1 + reach - hi / figure))
    return off > max(_OFF * reach, _HIDDEN)


def _with_interval(key: str) -> Callable[[Row], Cell]:
    return lambda row: Cell(row[key], _told(row, key))


def _told(row: Row, name: str, digits: int = 3) -> str:
    """A figure with its interval, or in a word why it has none."""
    text = with_reach(row[name], row[f"{name}_lo"], row[f"{name}_hi"], digits)
    kind = reason_of(row, name).partition(":")[0]
    return f"{text} ({kind})" if kind and text else text


def _share(level: str | None) -> Callable[[Row], Cell]:
    """The share of the bandwidth of this level, with as many digits as are known of it."""

    def cell(row: Row) -> Cell:
        share, lo, hi = (row[name] for name in ("roofline", "roofline_lo", "roofline_hi"))
        if share is None or row["bandwidth_level"] != level:
            return NOTHING
        return Cell(share, _told(row, "roofline", _known_digits(share, lo, hi)), drawn=Share(share))

    return cell


def _known_digits(figure: float, lo: float | None, hi: float | None) -> int:
    """Up to that of the first digit of half the interval; two without one."""
    if lo is None or hi is None or figure <= 0 or hi <= lo:
        return 2
    return min(3, max(1, 1 + math.floor(math.log10(figure)) - math.floor(math.log10((hi - lo) / 2))))


def _itl(row: Row) -> Cell:
    """What is said of how certain it is, is of the second figure."""
    ends = [significant(row["itl_ms_p50"]), _told(row, "itl_ms_p99")]
    return Cell(row["itl_ms_p50"], "/".join(ends) if all(ends) else "")


def _stand_behind(row: Row) -> Cell:
    """What stands behind the figures: processes, and the samples of all, as each may have another number of them."""
    if row["samples"] is None:  # averages alone
        return Cell(row["replicates"], str(row["replicates"]))
    return Cell(row["replicates"], f"{row['replicates']}/{row['samples']}" if row["replicates"] else "0")


def processes_behind(row: Row) -> Cell:
    """The same of runs: they, and the processes of all."""
    return Cell(row["runs"], f"{row['runs']}/{row['replicates']}" if row["runs"] else "0")


def _flags(row: Row) -> Cell:
    """But for one that the caption says of all rows that have it."""
    texts = tuple(text for text in _parts("flags")(row).value if text != MODES_NOT_TESTABLE.name)
    return Cell(texts, ", ".join(texts), "doubtful")


def _status(row: Row) -> Cell:
    return Cell(row["status"], row["status"], "" if row["status"] == "ok" else "bad")


def _chosen(key: str) -> Callable[[Row], Cell]:
    """What a worker chose; a row whose workers never got there has nothing to say."""
    return lambda row: NOTHING if row[key] == "auto" else name_of(key)(row)


def _fewer_cores(row: Row) -> Cell:
    """The cores, where threads had to share them."""
    has_fewer = row["cores"] is not None and row["threads"] is not None and row["cores"] < row["threads"]
    return Cell(row["cores"], str(row["cores"])) if has_fewer else NOTHING


def _agreement(row: Row) -> Cell:
    """How many of how many ids, which says more than the share."""
    if row["agreement"] is None:
        return NOTHING
    compared = row["ids_compared"]
    told = "reference" if row["is_reference"] else f"{round(row['agreement'] * compared)} of {compared} ids"
    return Cell(row["agreement"], told)


def _identity(row: Row) -> Cell:
    return Cell(row["identity"], (row["identity"] or "")[:8])


def _parts(key: str) -> Callable[[Row], Cell]:
    """Several texts, such as flags."""

    def cell(row: Row) -> Cell:
        texts = tuple(filter(None, (row[key] or "").split(";")))
        return Cell(texts, ", ".join(texts))

    return cell


_CELLS: dict[str, Callable[[Row], Cell]] = {
    "flags": _flags,
    "status": _status,
    "agreement": _agreement,
    "isa": _chosen("isa"),
    "kv_dtype": _chosen("kv_dtype"),
    "itl_ms_p50": _itl,
    "cores": _fewer_cores,
    "replicates": _stand_behind,
    "identity": _identity,
}
"""Where a cell says something else than the column's value."""


_OFF, _HIDDEN = 0.2, 0.005
"""Shares of half the interval, and of the figure."""
_TELLING = 100
"""Times the lower end: an interval that is wider says that nothing is known, in numbers of a dozen digits."""


def _grid_column(column: Column) -> GridColumn:
    is_key, is_remark = column.is_key or column.over == "first", column.name in ("provenance", "flags", "status")
    if column.over == "union":
        cell = _parts(column.name)
    elif f"{column.name}_lo" in COLUMN_NAMES:
        cell = _with_interval(column.name)
    else:
        cell = name_of(column.name) if is_key or column.kind != "float" else figure(column.name)
    return GridColumn(
        column.heading,
        _CELLS.get(column.name, cell),
        column.shown,
        numeric=column.kind != "text",
        role="remark" if is_remark else "key" if is_key else "figure",
        parts=column.over == "union",
    )


IN_TABLES = {column.name: _grid_column(column) for column in (*FIELDS, *COLUMNS) if column.heading}
"""Every column that has a heading, by its name."""

OF_BANDWIDTH = tuple(
    replace(IN_TABLES["roofline"], heading=heading, cell=_share(level))
    for heading, level in (("of cache bandwidth", "cache"), ("of DRAM bandwidth", "DRAM"), ("of bandwidth", None))
)
"""The share of the bandwidth, by what it is a share of."""
