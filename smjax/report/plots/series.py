"""Rows as lines: what is one program on one machine at several points, and what each is called among the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from smjax.core.numbers import plural
from smjax.core.records.alike import LINE, POINT
from smjax.core.text import printable
from smjax.report.plots.points import BY_NAME
from smjax.report.plots.theme import MOST

_PLAIN = ("model", "engine", "kernel", "isa", "cpu", "arch", "provenance", "os")
"""Of these the value alone says what it is."""
_LONGEST = 60
_TWIN = "_twin"
"""Rows of one line at one place are of as many lines."""
_FIRST = ("model", "engine", "kernel", "threads", "ctx", "n_gen", "cpu", "isa", "provenance")
_KEY = tuple(dict.fromkeys((*_FIRST, *LINE, *POINT, "label", "model_hash")))
"""What tells lines apart, in the order in which it is told."""


@dataclass(frozen=True)
class Line:
    """Rows that differ in where on the axis they lie, in its order."""

    name: str
    rows: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Lines:
    """Those that are drawn."""

    drawn: Sequence[Line]
    there: int
    """With those that are not."""

    @property
    def names(self) -> list[str]:
        return [line.name for line in self.drawn]

    @property
    def left_out(self) -> str:
        """For a title; empty where all are drawn."""
        return "" if self.there <= len(self.drawn) else f" ({len(self.drawn)} of {self.there} lines)"

    def of_all(self, field: str) -> list[Any]:
        """A field of all of their rows."""
        return [row[field] for line in self.drawn for row in line.rows]


def lines(rows: pl.DataFrame, over: str, columns: Sequence[str], least: int = 2) -> Lines:
    """Lines over a column, of the rows that have it, with these columns; none where no line has `least` places.

    Of more than can be told apart those with the most places are drawn.
    """
    key = [name for name in _KEY if name != over and name in rows.columns]
    known = rows.filter(pl.col(over).is_not_null()).sort(over, maintain_order=True)
    known = known.with_columns(_asked_prompt(over)) if over == "ctx" else known
    known = known.with_columns(pl.int_range(pl.len()).over(*key, over).alias(_TWIN))
    groups = known.group_by(*key, _TWIN, maintain_order=True).agg(
        pl.struct(over, *columns).alias("rows"), places=pl.len()
    )
    if not groups.height or max(groups["places"]) < least:
        return Lines((), 0)
    best = groups.with_row_index("number").sort("places", descending=True, maintain_order=True).head(MOST)
    drawn = best.sort("number").to_dicts()
    return Lines([Line(name, row["rows"]) for name, row in zip(_names(drawn, key), drawn, strict=True)], groups.height)


def _asked_prompt(over: str) -> pl.Expr:
    """A prompt that fills the context is as long as the context says."""
    return pl.when(pl.col("n_prompt") != pl.col(over) - pl.col("n_gen")).then("n_prompt").alias("n_prompt")


def _names(groups: Sequence[dict[str, Any]], key: Sequence[str]) -> list[str]:
    """By the first few columns that tell them apart."""
    told = list[str]()
    parts = 1
    for name in (*key, _TWIN):
        found = len({tuple(group[one] for one in (*told, name)) for group in groups})
        if found > parts:
            told.append(name)
            parts = found
    names = [", ".join(filter(None, (_said(name, group[name]) for name in told))) for group in groups]
    return distinct(
        [name or printable(str(group["model"] or "all"), _LONGEST) for name, group in zip(names, groups, strict=True)]
    )


def _said(name: str, value: Any) -> str:
    if value is None or (name == _TWIN and value == 0):
        return ""
    if name == "threads":
        return plural(value, "thread", "threads")
    heading = "" if name in _PLAIN else f"{_heading(name)} "
    return heading + printable(str(value), _LONGEST)


def _heading(name: str) -> str:
    column = BY_NAME.get(name)
    return (column and column.heading) or name.strip("_").replace("_", " ")


def distinct(names: Sequence[str]) -> list[str]:
    """The same names, those that were there before with a number behind them: marks are told apart by their names."""
    found = dict[str, None]()
    for name in names:
        one, number = name, 2
        while one in found:
            one, number = f"{name} ({number})", number + 1
        found[one] = None
    return list(found)
