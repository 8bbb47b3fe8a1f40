"""The table of rows: the first of them as HTML, and all of them as data from which a script sorts and filters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from smjax.report.render.grid import UNKNOWN, Cell
from smjax.report.render.html.page import Column, Table
from smjax.report.render.html.tags import Markup, as_json, joined, tag

_FIRST = 100
"""Rows that are there without a script."""
_LONG, _LONGEST = 28, 200
"""Characters of a cell: from how many on it has several lines, and how many there are at most."""
MEASURED, OK = "measured", "ok"
"""What a row mostly is, and then is not said of it."""
_DIGITS = 7
"""Of numbers that are sorted and copied."""


def table(table: Table, flags: Mapping[str, str]) -> Markup:
    """Captions, the first rows, notes, what columns and flags mean, and the data."""
    named = list(flags)
    shown = [column for column in table.columns if column.is_shown]
    head = tag("tr", (_heading(column) for column in shown))
    body = (_row(table, shown, number, named) for number in range(min(_FIRST, len(table.statuses))))
    caption = tag("caption", _caption(table), class_=None if len(table.statuses) > _FIRST else "unseen")
    drawn = tag("table", caption, tag("thead", head), tag("tbody", body))
    return joined(
        [
            tag("div", (tag("p", line) for line in table.captions), class_="lines quiet"),
            tag("div", drawn, class_="scroller", role="region", tabindex="0", aria_label=f"Table: {table.title}"),
            tag("ul", (tag("li", note) for note in table.notes), class_="notes") if table.notes else None,
            _legend("What the columns mean", ((column.heading, _meaning(column), None) for column in table.columns)),
            _legend("What the flags mean", _meanings(table, flags)),
            tag("script", as_json(_data(table, named)), type="application/json"),
        ]
    )


def _caption(table: Table) -> str:
    """Without a script there are no more than the first of them."""
    count = len(table.statuses)
    if count <= _FIRST:
        return f"{table.title}: {count}"
    return f"{table.title}: {_FIRST} at a time of {count}; summary.csv has all"


def _heading(column: Column) -> Markup:
    return tag("th", column.heading, scope="col", class_=_class(column), title=_meaning(column) or None)


def _row(table: Table, shown: Sequence[Column], number: int, flags: Sequence[str]) -> Markup:
    """What it is if it is not as expected stands beside what it is called by: no colour says it alone."""
    first, *others = shown
    provenance, status = table.provenances[number], table.statuses[number]
    cell = first.cells[number]
    tags = [_tag(provenance, "tag")] * (provenance != MEASURED) + [_tag(status, "tag bad")] * (status != OK)
    name = tag("th", _cut(cell.text) or UNKNOWN, tags, scope="row", class_=_class(first, cell.text))
    cells = (_cell(column, column.cells[number], flags) for column in others)
    return tag("tr", name, cells, data_provenance=provenance, data_status=status)


def _tag(word: str, class_: str) -> Markup:
    return joined([" ", tag("span", word, class_=class_)])


def _cell(column: Column, cell: Cell, flags: Sequence[str]) -> Markup:
    if column.kind == "flags":
        return tag("td", (_chip(flag, flags) for flag in cell.value or ()), class_="chips")
    return tag("td", _cut(cell.text) or UNKNOWN, class_=_class(column, cell.text))


def _chip(flag: str, flags: Sequence[str]) -> Markup:
    if flag not in flags:
        return tag("span", _cut(flag), class_="chip")
    return tag("a", _cut(flag), class_="chip", href=f"#flag-{flags.index(flag)}")


def _class(column: Column, text: str = "") -> str | None:
    """A long text takes several lines."""
    return "number" if column.numeric else "long" if len(text) > _LONG else None


def _meaning(column: Column) -> str:
    return ", ".join(filter(None, [column.meaning, column.unit and f"in {column.unit}"]))


def _meanings(table: Table, flags: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Of the flags that the table has."""
    columns = [column for column in table.columns if column.kind == "flags"]
    known = {flag for column in columns for cell in column.cells for flag in cell.value or ()}
    for number, (flag, meaning) in enumerate(flags.items()):
        if flag in known:
            yield flag, meaning, f"flag-{number}"


def _legend(title: str, entries: Any) -> Markup | None:
    told = [(tag("dt", name, id=anchor), tag("dd", meaning)) for name, meaning, anchor in entries if meaning]
    return tag("details", tag("summary", title), tag("dl", told, class_="legend")) if told else None


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _data(table: Table, flags: Sequence[str]) -> dict[str, Any]:
    """Texts are kept once and numbered, as most of them are in many rows."""
    return {
        "columns": [_column(column) for column in table.columns],
        "provenances": list(table.provenances),
        "statuses": list(table.statuses),
        "flags": list(flags),
    }


def _column(column: Column) -> dict[str, Any]:
    texts = dict[str | tuple[str, ...], int]()
    index = [texts.setdefault(_told(column, cell), len(texts)) for cell in column.cells]
    is_number = all(_is_number(cell.value) or cell.value is None for cell in column.cells)
    return {
        "name": column.name,
        "heading": column.heading,
        "meaning": _meaning(column),
        "kind": column.kind,
        "numeric": column.numeric,
        "shown": column.is_shown,
        "printed": column.is_printed,
        "texts": list(texts),
        "index": index,
        "values": [_short(cell.value) for cell in column.cells] if is_number else None,
        "ends": [list(map(_short, end)) for end in column.ends] if column.ends else None,
    }


def _told(column: Column, cell: Cell) -> str | tuple[str, ...]:
    return tuple(map(_cut, cell.value or ())) if column.kind == "flags" else _cut(cell.text)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: float | None) -> float | None:
    """Nobody sorts, or compares, by more digits."""
    if value is None or isinstance(value, int):
        return value
    return float(f"{value:.{_DIGITS - 1}e}")
