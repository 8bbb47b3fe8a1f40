"""A picture of one's own: any figure over any column, with its intervals, coloured and parted by other columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from smjax.core.errors import RequestError
from smjax.core.nearest import nearest
from smjax.core.numbers import plural
from smjax.core.records.column import Column
from smjax.core.text import printable
from smjax.report.data.named import Named
from smjax.report.data.names import Names
from smjax.report.plots.axes import measured, sizes, title_of
from smjax.report.plots.drawing import spec
from smjax.report.plots.lines import in_words, line_chart
from smjax.report.plots.names import KEY, said_of
from smjax.report.plots.plot import Plot
from smjax.report.plots.points import BY_NAME, mark
from smjax.report.plots.theme import MOST

_MOST_MARKS = 2000
_MOST_PARTS = 6
_PART_PX = 300
_LONGEST = 60
_FEW = 5
"""Texts that an axis has room for beside each other."""


@dataclass(frozen=True)
class Wish:
    """What is to be drawn, by names of columns."""

    x: str
    y: str
    color: str | None = None
    facet: str | None = None
    where: str | None = None
    """Which rows, as `threads=2 engine=smjax`."""


def draw(rows: pl.DataFrame, wish: Wish) -> Plot:
    """The picture; raises RequestError for a column that there is not, that has no figures, and rows that are none."""
    check(wish)
    chosen = _chosen(rows, wish.where)
    known = [row for row in chosen if row[wish.y] is not None and row[wish.x] not in (None, "")]
    if not known:
        _refuse_empty(chosen, wish)
    colours, facets = (_values(known, name, most) for name, most in ((wish.color, MOST), (wish.facet, _MOST_PARTS)))
    drawn = [row for row in known if _said(row, wish.color) in colours and _said(row, wish.facet) in facets]
    marks = _marks(drawn[:_MOST_MARKS], wish, colours)
    title = f"{title_of(wish.y)} over {title_of(wish.x).partition(' (')[0].lower()}{_left_out(marks, known)}"
    return Plot(f"{wish.y}-over-{wish.x}", title, in_words(marks), _spec(marks, wish, colours))


def check(wish: Wish) -> None:
    """Raise RequestError for names that are no columns, and a figure that is none."""
    for option, name in {"--x": wish.x, "--y": wish.y, "--color": wish.color, "--facet": wish.facet}.items():
        if name is not None:
            _check(option, name)
    _check_figure(BY_NAME[wish.y])


def _check(option: str, name: str) -> None:
    if name not in BY_NAME:
        meant = nearest(name, BY_NAME) or next((one for one in BY_NAME if one.startswith(name.lower())), None)
        fix = f"did you mean {meant}?" if meant else "docs/columns.md has all of them"
        raise RequestError(f"{option} {printable(name)}: expected a column of summary.csv, found no such; {fix}")


def _check_figure(column: Column) -> None:
    if column.kind == "text":
        raise RequestError(
            f"--y {column.name}: expected a column of figures, found one of texts; "
            f"write it after --x or --color, and a figure such as decode_tok_per_s after --y"
        )


def _chosen(rows: pl.DataFrame, where: str | None) -> list[dict[str, Any]]:
    found = rows.to_dicts()
    if where is None:
        return found
    names = list(map(Names(found).of, found))
    return [found[place] for place in Named.of(where, "--where").among(found, names, names)]


def _refuse_empty(rows: Sequence[Mapping[str, Any]], wish: Wish) -> None:
    option, name = ("--y", wish.y) if all(row[wish.y] is None for row in rows) else ("--x", wish.x)
    there = [one for one, column in BY_NAME.items() if column.kind == "float" and any(row.get(one) for row in rows)]
    shown = f"; these rows have for example {', '.join(there[:5])}" if there else ""
    of = plural(len(rows), "row", "rows")
    raise RequestError(f"{option} {name}: expected rows that have a value of it, found none in {of}{shown}")


def _said(row: Mapping[str, Any], name: str | None) -> str:
    """A value as colours and parts have it; one for all where no column is named."""
    if name is None:
        return ""
    return said_of(name, row[name]) or "not known"


def _values(rows: Sequence[Mapping[str, Any]], name: str | None, most: int) -> list[str]:
    """Those of a column that the most rows have, in their order."""
    count = dict[str, int]()
    for row in rows:
        said = _said(row, name)
        count[said] = count.get(said, 0) + 1
    kept = sorted(count, key=lambda said: -count[said])[:most]
    return [said for said in count if said in kept]


def _marks(rows: Sequence[dict[str, Any]], wish: Wish, colours: Sequence[str]) -> list[dict[str, Any]]:
    """In the order of x; a line joins the rows of one program on one machine."""
    names, key = Names(list(rows)), [name for name in KEY if name not in (wish.x, "n_prompt")]
    ordered = sorted(rows, key=lambda row: (row[wish.x], str(row.get("date"))))
    lines: dict[tuple[Any, ...], int] = {}
    return [
        {
            "x": row[wish.x] if BY_NAME[wish.x].kind != "text" else printable(str(row[wish.x]), _LONGEST),
            "series": _said(row, wish.color),
            "part": _said(row, wish.facet),
            "dash": colours.index(_said(row, wish.color)),
            "line": lines.setdefault(tuple(row.get(name) for name in key), len(lines)),
            **mark(row, wish.y, names.of(row)),
        }
        for row in ordered
    ]


def _spec(marks: Sequence[dict[str, Any]], wish: Wish, colours: Sequence[str]) -> dict[str, Any]:
    import altair as alt

    places, column = [one["x"] for one in marks], BY_NAME[wish.x]
    if column.kind == "text":
        axis = alt.Axis(labelAngle=0 if len(set(places)) < _FEW else -40, labelLimit=120)
        x: Any = alt.X("x:N", title=title_of(wish.x), sort=list(dict.fromkeys(places)), axis=axis)
    else:
        x = sizes(wish.x, places) if column.kind == "int" else measured(title_of(wish.x), places)
    found = spec(line_chart(marks, colours, x, title_of(wish.y), are_joined=column.kind != "text"))
    return found if wish.facet is None else _parted(found)


def _parted(view: dict[str, Any]) -> dict[str, Any]:
    """The same view once for each part, two beside each other."""
    facet = {"field": "part", "type": "nominal", "title": None}
    shared = {name: view[name] for name in ("data", "datasets")}
    inside = {name: value for name, value in view.items() if name not in shared} | {"width": _PART_PX}
    return {**shared, "facet": facet, "columns": 2, "spec": inside}


def _left_out(marks: Sequence[Any], known: Sequence[Any]) -> str:
    return f" ({len(marks)} of {len(known)} rows)" if len(known) > len(marks) else ""
