"""Which row each row's ratios are taken to: one that a text names, as like the row itself as the text leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.numbers import listed
from smjax.core.records.alike import LINE
from smjax.core.records.record import Record
from smjax.report.compare.fields import machine_of
from smjax.report.data.named import Named
from smjax.report.data.names import name_row
from smjax.report.render.grid import Row
from smjax.report.tables.engines import with_what_differs
from smjax.report.tables.run_names import short_names

_POINT = ("model", "threads", "ctx", "n_prompt", "n_gen", "tokens_per_dispatch")
"""What a baseline always has like the row, unless the text names it."""
_NARROWING = (
    ("machine",),
    ("run",),
    ("label",),
    ("engine", "kernel", "isa", "kv_dtype", "engine_args"),
    ("jaxlib", "smjax", "engine_version", "sources"),
)
"""Of several rows those that have all of these like the row, if there are any; the first comes first."""
_FOLLOWS = {"engine": ("kernel", "isa", "engine_args", "engine_version", "sources")}
"""What is another anyway where something else is."""


def bases(rows: Sequence[Row], records: Sequence[Record], text: str) -> list[int | None]:
    """Of each row the place of its baseline, which may be its own; None where there is none of its point.

    Raises RequestError for a text that names no row, or several that stand beside one.
    """
    as_shown = with_what_differs(rows)
    printed = [name_row(row, as_shown) for row in as_shown]
    if printed.count(text) == 1:
        return [printed.index(text)] * len(rows)
    named = Named.of(text)
    labels = [_labels(row, name, rows) for row, name in zip(rows, printed, strict=True)]
    meant = named.among(rows, labels, printed)
    told = {name for field in named.fields for name in (field, *_FOLLOWS.get(field, ()))}
    kept = [_kept(row, records[row["record_numbers"][0]], told) for row in rows]
    return [_base(place, meant, kept, rows, named) for place in range(len(rows))]


def _labels(row: Row, printed: str, rows: Sequence[Row]) -> str:
    """All that tables call a row by."""
    run = short_names(other["run"] for other in rows if other["run"]).get(row["run"])
    others = [str(row[name]) for name in (*LINE, "label") if row[name] not in (None, "")]
    return " ".join(filter(None, [printed, *others, run, (row["identity"] or "")[:8]]))


def _kept(row: Row, record: Record, told: set[str]) -> dict[str, Any]:
    """What is to be alike, but for what the text has told."""
    asked = record.scenario  # what a row does not know of a server was asked for all the same
    is_usual = asked.n_prompt == asked.ctx - asked.n_gen
    own = {
        **{name: row.get(name) for names in _NARROWING for name in names},
        **{name: getattr(asked, name) for name in _POINT},
        "model": record.model.hash,
        "n_prompt": None if is_usual else asked.n_prompt,
        "machine": machine_of(record),
    }
    return {name: value for name, value in own.items() if name not in told}


def _base(
    place: int, meant: Sequence[int], kept: Sequence[dict[str, Any]], rows: Sequence[Row], named: Named
) -> int | None:
    """The one of `meant` that stands beside the row at `place`: itself, if it is one of them."""
    if place in meant:
        return place
    found = [one for one in meant if _are_alike(kept[one], kept[place], _POINT)]
    for names in _NARROWING:
        found = [one for one in found if _are_alike(kept[one], kept[place], names)] or found
    if len(found) > 1:
        raise _ambiguous(rows[place], [rows[one] for one in found], rows, named)
    return found[0] if found else None


def _are_alike(one: dict[str, Any], other: dict[str, Any], names: Sequence[str]) -> bool:
    return all(one[name] == other[name] for name in names if name in one)


def _ambiguous(row: Row, found: Sequence[Row], rows: Sequence[Row], named: Named) -> RequestError:
    names = dict.fromkeys(name for group in _NARROWING for name in group)
    differing = [name for name in names if len({one.get(name) for one in found}) > 1]
    several = "; ".join(dict.fromkeys(name_row(one, found) for one in found))
    fix = f"say {listed(differing[:1])} too" if differing else "name fewer folders"
    return named.refusal(f"one row to stand beside {name_row(row, rows)}, found {len(found)}: {several}", fix)
