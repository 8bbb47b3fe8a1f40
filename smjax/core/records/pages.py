"""The pages of `docs/` that are made from what the code knows; `python docs/generate.py` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from smjax.core.records.columns import COLUMNS, OVER, Column

_COLUMNS_PAGE = """# The columns of `summary.*`

One row per scenario. A figure is the median over the processes of each process's median over its samples, except where
its column says otherwise. A cell is empty where its value is not known, never 0. This page is made from
`smjax/core/records/columns.py` by `docs/generate.py`.

{table}
*from*: a place in the record (of several, the first that is known), or the formula of an answer's times or of the row's
other figures, as it is computed.
"""


def pages() -> dict[str, str]:
    """The text of each page, by its name in `docs/`."""
    return {"columns.md": columns_page(COLUMNS)}


def columns_page(columns: Sequence[Column]) -> str:
    """What each column means, where it comes from and how processes become a row."""
    rows = ([f"`{c.name}`", c.unit or c.kind, c.meaning, _origin(c), OVER[c.over]] for c in columns)
    return _COLUMNS_PAGE.format(table=_table(["column", "unit", "meaning", "from", "over processes"], rows))


def _origin(column: Column) -> str:
    """Where a column is taken from, as code where it is a place or a formula."""
    if not column.is_read and column.over not in ("answers", "row", "interval"):
        return column.source
    scale = f" / {column.divisor:,.0f}" if column.divisor != 1 else ""
    return " or ".join(f"`{place}`" for place in column.source.split(" or ")) + scale


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
