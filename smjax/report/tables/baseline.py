"""Which row each row's ratios are taken to: one that a text names, as like the row itself as the text leaves open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.numbers import listed
from smjax.core.records.alike import LINE, OP_POINT
from smjax.core.records.record import Record
from smjax.report.compare.fields import machine_of, weights_of
from smjax.report.data.named import NAMES, Named
from smjax.report.data.names import Names, name_row
from smjax.report.data.run_names import with_short_runs
from smjax.report.render.grid import Row
from smjax.report.tables.as_shown import as_shown

_ASKED = ("model", "threads", "ctx", "n_prompt", "n_gen", "tokens_per_dispatch")
_POINT = (*_ASKED, *OP_POINT)
"""What a baseline always has like the row, unless the text names it."""
_NARROWING = (
    ("machine",),
    ("run",),
    ("label",),
    ("interpreter",),
    ("engine", "kernel", "isa", "kv_dtype", "engine_args"),
    ("jaxlib", "smjax", "engine_version", "sources"),
)
"""Of several rows those that have all of these like the row, if there are any; the first comes first."""
_MEASURED = "measured"
_FOLLOWS = {"engine": ("kernel", "isa", "engine_args", "engine_version", "sources")}
"""What is another anyway where something else is."""


def bases(rows: Sequence[Row], records: Sequence[Record], text: str) -> list[int | None]:
    """Of each row the place of its baseline, which may be its own; None where there is none of its point.

    Raises RequestError for a text that names no row, or several that stand beside one.
    """
    printed = _printed(rows)
    if printed.count(text) == 1:
        return [printed.index(text)] * len(rows)
    named = Named.of(text)
    labels = [_label(*both) for both in zip(with_short_runs(rows), rows, printed, strict=True)]
    meant = named.among(rows, labels, printed)
    told = {name for field in named.fields for name in (field, *_FOLLOWS.get(field, ()))}
    kept = [_kept(row, records[row["record_numbers"][0]], told) for row in rows]
    return [_base(place, meant, kept, rows, named) for place in range(len(rows))]


def _printed(rows: Sequence[Row]) -> list[str]:
    """What the notes below tables call the rows, of which each architecture has one of its own."""
    tables = defaultdict[str | None, list[int]](list)
    for place, row in enumerate(rows):
        tables[row["arch"]].append(place)
    found = [""] * len(rows)
    for places in tables.values():
        shown = as_shown([rows[place] for place in places])
        names = Names(shown)
        for place, row in zip(places, shown, strict=True):
            found[place] = names.of(row)
    return found


def _label(shown: Row, row: Row, printed: str) -> str:
    """All that tables call a row by."""
    others = [str(row[name]) for name in (*LINE, "label") if row[name] not in (None, "")]
    return " ".join(filter(None, [printed, *others, shown["run"], (row["identity"] or "")[:8]]))


def _kept(row: Row, record: Record, told: set[str]) -> dict[str, Any]:
    """What is to be alike, but for what the text has told."""
    asked = record.scenario  # what a row does not know of a server was asked for all the same
    is_usual = asked.n_prompt == asked.ctx - asked.n_gen
    own = {
        **{name: row.get(name) for names in _NARROWING for name in names},
        **{name: getattr(asked, name) for name in _ASKED},
        **{name: row.get(name) for name in OP_POINT},
        "model": weights_of(record),
        "n_prompt": None if is_usual else asked.n_prompt,
        "machine": machine_of(record),
    }
    return {name: value for name, value in own.items() if name not in told}


def _base(
    place: int, meant: Sequence[int], kept: Sequence[dict[str, Any]], rows: Sequence[Row], named: Named
) -> int | None:
    """The one of `meant` that stands beside the row at `place`: itself, if it is one of them.

    Another tool's stands beside the one of its engine that was measured, if both are meant.
    """
    row = rows[place]
    if place not in meant:
        found = _nearest(place, meant, kept)
        if len(found) > 1:
            raise _ambiguous(row, [rows[one] for one in found], rows, named)
        return found[0] if found else None
    if row["provenance"] == _MEASURED:
        return place
    measured = [one for one in meant if (rows[one]["provenance"], rows[one]["engine"]) == (_MEASURED, row["engine"])]
    found = _nearest(place, measured, kept)
    return found[0] if len(found) == 1 else place


def _nearest(place: int, among: Sequence[int], kept: Sequence[dict[str, Any]]) -> list[int]:
    """Those of the same point as the row at `place`, and of these the ones that are most like it."""
    found = [one for one in among if _are_alike(kept[one], kept[place], _POINT)]
    for names in _NARROWING:
        found = [one for one in found if _are_alike(kept[one], kept[place], names)] or found
    return found


def _are_alike(one: dict[str, Any], other: dict[str, Any], names: Sequence[str]) -> bool:
    return all(one[name] == other[name] for name in names if name in one)


def _ambiguous(row: Row, found: Sequence[Row], rows: Sequence[Row], named: Named) -> RequestError:
    narrowing = (name for group in _NARROWING for name in group if name in NAMES)
    names = dict.fromkeys((*narrowing, "identity"))
    differing = [name for name in names if len({one.get(name) for one in found}) > 1]
    several = "; ".join(dict.fromkeys(name_row(one, found) for one in found))
    fix = f"say {listed(differing[:1])} too" if differing else "name fewer folders"
    return named.refusal(f"one row to stand beside {name_row(row, rows)}, found {len(found)}: {several}", fix)
