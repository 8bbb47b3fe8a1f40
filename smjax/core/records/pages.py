"""The pages of `docs/` that are made from what the code knows; `python docs/generate.py` writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from smjax.core.records.column import OVER, Column
from smjax.core.records.columns import COLUMNS
from smjax.core.records.flag import Flag
from smjax.core.records.flags import FLAGS

_COLUMNS_PAGE = """# The columns of `summary.*`

One row per scenario. A figure is the median over the processes of each process's median over its samples, except where
its column says otherwise. A cell is empty where its value is not known, never 0. This page is made from
`smjax/core/records/columns.py` by `docs/generate.py`.

{table}
*from*: a place in the record (of several, the first that is known), or the formula of an answer's times, of a process's
figures or of the row's other figures, as it is computed.
"""

_FLAGS_PAGE = """# The flags of a row

What a reader must know about a row, in its column `flags`. A row has a flag if one of the processes that count has it,
or if the samples of all say so. Nothing is dropped because of a flag, but for the attempts that were repeated. A flag
that is not listed here is of another version or another tool. This page is made from `smjax/core/records/flags.py` by
`docs/generate.py`.

{table}"""


def pages() -> dict[str, str]:
    """The text of each page, by its name in `docs/`."""
    return {"columns.md": columns_page(COLUMNS), "flags.md": flags_page(FLAGS)}


def columns_page(columns: Sequence[Column]) -> str:
    """What each column means, where it comes from and how processes become a row."""
    rows = ([f"`{c.name}`", c.unit or c.kind, c.meaning, _origin(c), OVER[c.over]] for c in columns)
    return _COLUMNS_PAGE.format(table=markdown_table(["column", "unit", "meaning", "from", "over processes"], rows))


def flags_page(flags: Sequence[Flag]) -> str:
    """What sets each flag, what it says and what to do about it."""
    rows = ([f"`{f.name}`", f.set_by, f.rule, f.meaning, f.advice, f.by_chance] for f in flags)
    return _FLAGS_PAGE.format(
        table=markdown_table(["flag", "set by", "when", "meaning", "what to do", "by chance"], rows)
    )


def _origin(column: Column) -> str:
    """Where a column is taken from, as code where it is a place or a formula."""
    if not column.is_read and column.over not in ("answers", "figures", "row", "interval"):
        return column.source
    scale = f" / {column.divisor:.0f}" if column.divisor != 1 else ""
    return " or ".join(f"`{place}`" for place in column.source.split(" or ")) + scale


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Of cells that are Markdown themselves."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
