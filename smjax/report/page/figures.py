"""What figures say for certain: how fast, how sure, undisturbed, and with the same answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from smjax.core.numbers import plural, plus_minus, significant
from smjax.report.data.main_figure import is_of_op, main_figure
from smjax.report.data.names import Names
from smjax.report.page.wording import TRUSTED, Row, called, counted, few, interval
from smjax.report.render.html.page import Highlight
from smjax.stats.intervals import half_width

_FEW = 4
"""Rows of which each has its own sentence."""
_HIGHLIGHTS = 3
_TELLING = 1.25
"""Times the lower end: who knows a figure no better knows little of it."""


def sentences(rows: Sequence[Row]) -> Iterator[str]:
    """How fast the rows of answers decode that have an interval; of many the highest and the lowest of each model.

    That one is the highest makes it no certain winner: others may have nearly the same, with intervals that overlap.
    """
    sure = [row for row in rows if is_known(row) and row["provenance"] in TRUSTED]
    known = [row for row in sure if not is_of_op(row)]
    name_of = called(rows)
    if len(known) <= _FEW:
        yield from (f"{name_of(row)}: {_told(row)}." for row in known)
    else:
        for own in _by_model(known):
            highest = max(own, key=lambda row: row[main_figure(row)])
            lowest = min(own, key=lambda row: row[main_figure(row)])
            yield f"Highest: {name_of(highest)}, {_told(highest)}. Lowest: {name_of(lowest)}, {_told(lowest)}."
    if len(known) < len(sure) or len(sure) > _FEW:
        widths = [half_width(_ends(row)) for row in sure]
        ends = " to ".join(dict.fromkeys((plus_minus(min(widths)), plus_minus(max(widths)))))
        yield f"{counted(sure, rows)} {'has' if len(sure) == 1 else 'have'} a 95 % interval: {ends}."


def undisturbed(rows: Sequence[Row]) -> Iterator[str]:
    """Where somebody looked, and nothing was found."""
    looked = [row for row in rows if row["processes_disturbed"] is not None]
    if looked and len(looked) == len(rows) and not any(row["processes_disturbed"] for row in rows):
        yield "No process that counts was disturbed by anything that the system told of."


def agreeing(rows: Sequence[Row]) -> Iterator[str]:
    """Whether kernels and engines answer alike, where several can be compared."""
    known = [row for row in rows if row["agreement"] is not None]
    others = [row for row in known if not row["is_reference"]]
    if others and all(row["agreement"] == 1 for row in known) and len({_program(row) for row in known}) > 1:
        ids = min(row["ids_compared"] for row in others)
        where = "" if len(known) == len(rows) else " where ids are known"
        yield f"Kernels and engines answer alike{where}: the first {plural(ids, 'id is', 'ids are')} the same."


def highlights(rows: Sequence[Row]) -> Iterator[Highlight]:
    """The highest figure of each of the first models, measured and known if any is; none of ops, no rivals."""
    known = [row for row in rows if row["decode_tok_per_s"] is not None and not is_of_op(row)]
    names = Names(rows)
    for own in list(_by_model(known))[:_HIGHLIGHTS]:
        measured = [row for row in own if row["provenance"] == "measured"]
        pool = [row for row in measured if is_known(row)] or measured or own
        best = max(pool, key=lambda row: row["decode_tok_per_s"])
        remark = "" if best["provenance"] == "measured" else best["provenance"]
        what = "whose figure is known" if is_known(pool[0]) else "that were measured here"
        among = _among(len(pool), len(own), what) if len(own) > 1 else ""
        yield Highlight(
            significant(best["decode_tok_per_s"]), "decode tok/s", _certainty(best), among + names.of(best), remark
        )


def _among(count: int, of: int, what: str) -> str:
    """Of which rows it is the highest: others may well be faster."""
    if count == of:
        return f"highest of {of}: "
    return f"{'the only one' if count == 1 else f'highest of the {count}'} of {of} rows {what}: "


def _certainty(row: Row) -> str:
    if _has_interval(row):
        return interval(*_ends(row))
    return "no interval" + (f": {row['no_interval_reason']}" if row["no_interval_reason"] else "")


def _told(row: Row) -> str:
    runs = row.get("runs")
    over = plural(runs, "run", "runs") if runs else plural(row["replicates"], "process", "processes")
    others = "" if row["provenance"] == "measured" else f", {row['provenance']}"
    return f"{significant(row['decode_tok_per_s'])} decode tok/s ({interval(*_ends(row))}, {over}{others})"


def vague(rows: Sequence[Row]) -> Iterator[str]:
    """Rows whose interval is so wide that their figure says little."""
    found = [row for row in rows if _has_interval(row) and not is_known(row)]
    if found:
        name_of = called(rows)
        told = [f"{name_of(row)}: {_told(row)}" if not is_of_op(row) else name_of(row) for row in found]
        yield f"{counted(found, rows)} {'is' if len(found) == 1 else 'are'} hardly known: {few(told)}."


def is_known(row: Row) -> bool:
    """Whether it has an interval, and one that is worth the name."""
    return _has_interval(row) and _ends(row)[1] <= _TELLING * _ends(row)[0]


def _has_interval(row: Row) -> bool:
    name = main_figure(row)
    return row[name] is not None and row[f"{name}_lo"] is not None


def _ends(row: Row) -> tuple[float, float]:
    name = main_figure(row)
    return row[f"{name}_lo"], row[f"{name}_hi"]


def _by_model(rows: Sequence[Row]) -> Iterator[list[Row]]:
    found = defaultdict[str, list[Row]](list)
    for row in rows:
        found[row["model"] or ""].append(row)
    yield from found.values()


def _program(row: Row) -> tuple[str, str]:
    return row["engine"], row["kernel"]
