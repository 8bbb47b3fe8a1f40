"""What lines and rows are called in a picture: by the first few columns that tell them apart, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smjax.core.numbers import plural
from smjax.core.records.alike import LINE, POINT
from smjax.core.text import printable
from smjax.report.data.run_names import with_short_runs
from smjax.report.plots.points import BY_NAME

_FIRST = (
    "model",
    "op",
    "shape",
    "kind",
    "engine",
    "kernel",
    "threads",
    "ctx",
    "n_gen",
    "cache",
    "cpu",
    "isa",
    "provenance",
)
KEY = tuple(dict.fromkeys((*_FIRST, *LINE, *POINT, "label", "model_hash")))
"""What tells rows apart, in the order in which it is told."""
_PLAIN = ("model", "op", "shape", "kind", "cache", "engine", "kernel", "isa", "cpu", "arch", "provenance", "os")
"""Of these the value alone says what it is."""
_LONGEST = 60


def apart(rows: Sequence[Mapping[str, Any]], key: Sequence[str] = KEY) -> list[str]:
    """A name for each row, which no other has."""
    rows = with_short_runs(rows)
    told, parts = list[str](), 1
    for name in key:
        found = len({tuple(row.get(one) for one in (*told, name)) for row in rows})
        if found > parts:
            told.append(name)
            parts = found
    names = [", ".join(filter(None, (said_of(name, row.get(name)) for name in told))) for row in rows]
    alone = [said_of("model", row.get("model")) or said_of("op", row.get("op")) or "all" for row in rows]
    return distinct([name or other for name, other in zip(names, alone, strict=True)])


def of_rows(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The same, and of a row that was not measured here what it is."""
    return [
        f"{name}, {row['provenance']}" if row["provenance"] not in ("measured", *name.split(", ")) else name
        for name, row in zip(apart(rows), rows, strict=True)
    ]


def said_of(name: str, value: Any) -> str:
    """A field as a name has it: "2 threads", "ctx 256", "native"."""
    if value is None or value == "":
        return ""
    if name == "threads":
        return plural(value, "thread", "threads")
    heading = "" if name in _PLAIN else f"{_heading(name)} "
    return heading + printable(str(value), _LONGEST)


def _heading(name: str) -> str:
    column = BY_NAME.get(name)
    return (column and column.heading) or name.replace("_", " ")


def distinct(names: Sequence[str]) -> list[str]:
    """The same names, those that were there before with a number behind them: marks are told apart by their names."""
    found = dict[str, None]()
    for name in names:
        one, number = name, 2
        while one in found:
            one, number = f"{name} ({number})", number + 1
        found[one] = None
    return list(found)
