"""Rows as lines: what is one program on one machine at several points, and what each is called among the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from smjax.core.records.columns import PROVENANCES
from smjax.report.plots.names import KEY, apart
from smjax.report.plots.points import there
from smjax.report.plots.theme import MOST

_FIRST = {name: place for place, name in enumerate(PROVENANCES)}
"""What was measured here is not left out for what was not."""
_MOST_PLACES = 200
"""Of a line."""
_TWIN = "_twin"
"""Rows of one line at one place are of as many lines."""


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
    places: int
    """Of the lines that are drawn."""

    @property
    def names(self) -> list[str]:
        return [line.name for line in self.drawn]

    @property
    def left_out(self) -> str:
        """For a title; empty where all are drawn."""
        return self.left_out_of("lines")

    def left_out_of(self, what: str) -> str:
        """The same of lines that are called otherwise."""
        points = sum(len(line.rows) for line in self.drawn)
        said = [
            f"{drawn} of {there} {name}"
            for drawn, there, name in ((len(self.drawn), self.there, what), (points, self.places, "points"))
            if drawn < there
        ]
        return f" ({', '.join(said)})" if said else ""


def lines(rows: pl.DataFrame, over: str, columns: Sequence[str], least: int = 2) -> Lines:
    """Lines over a column, of the rows that have it, with these columns; none where no line has `least` places.

    Of more than can be told apart those measured here are drawn, and of them those with the most places.
    """
    key = there(rows, (name for name in KEY if name not in (over, "shape")))
    known = rows.filter(pl.col(over).is_not_null()).sort(over, maintain_order=True)
    known = known.with_columns(_asked_prompt(over)) if over == "ctx" else known
    known = known.with_columns(pl.int_range(pl.len()).over(*key, over).alias(_TWIN))
    groups = known.group_by(*key, _TWIN, maintain_order=True).agg(
        pl.struct(over, *there(rows, columns)).alias("rows"), places=pl.len()
    )
    if not groups.height or max(groups["places"]) < least:
        return Lines((), 0, 0)
    first = pl.col("provenance").replace_strict(_FIRST, default=len(_FIRST), return_dtype=pl.Int64)
    numbered = groups.with_row_index("number")
    best = numbered.sort(first, "places", descending=[False, True], maintain_order=True).head(MOST)
    drawn = best.sort("number").to_dicts()
    found = [Line(name, _thinned(row["rows"])) for name, row in zip(apart(drawn, key), drawn, strict=True)]
    return Lines(found, groups.height, sum(best["places"]))


def _thinned(rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """As many places as can be seen, evenly, with the first and the last."""
    if len(rows) <= _MOST_PLACES:
        return rows
    return [rows[round(place * (len(rows) - 1) / (_MOST_PLACES - 1))] for place in range(_MOST_PLACES)]


def _asked_prompt(over: str) -> pl.Expr:
    """A prompt that fills the context is as long as the context says."""
    return pl.when(pl.col("n_prompt") != pl.col(over) - pl.col("n_gen")).then("n_prompt").alias("n_prompt")
