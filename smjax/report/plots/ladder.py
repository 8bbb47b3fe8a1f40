"""Rows one below the other, each with its name over its marks and not beside them: a narrow page has room for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smjax.core.text import printable
from smjax.report.plots.drawing import chart, edge

MOST = 12
"""Rows of a picture."""
RUNG_PX = 46
_TOLD = 4
"""Rows of a text."""
MARKS = 0.74
"""Where in a rung they lie, from its top."""
_NAME_PX = 13
"""The same of its name."""


def place(number: int) -> float:
    """Of the marks of a rung, on the axis `vertical`."""
    return number + MARKS


def vertical(count: int, field: str = "at") -> Any:
    """The axis, which shows nothing: names say what lies there."""
    import altair as alt

    return alt.Y(field, type="quantitative", axis=None, scale=alt.Scale(domain=[0, count], reverse=True, nice=False))


def names(texts: Sequence[tuple[str, str]], count: int, rung_px: int = RUNG_PX) -> Any:
    """A name at the left of each rung, and behind it what is to be said of it, cut where the picture ends."""
    import altair as alt

    told = [
        {"at": number + _NAME_PX / rung_px, "name": " \N{MIDDLE DOT} ".join(filter(None, (printable(name, 200), said)))}
        for number, (name, said) in enumerate(texts)
    ]
    mark = chart(told).mark_text(align="left", limit=alt.ExprRef("width"))
    return mark.encode(x=edge("x"), y=vertical(count), text=alt.Text("name", type="nominal"))


def height(count: int, rung_px: int = RUNG_PX) -> int:
    """Of so many rungs."""
    return count * rung_px


def left_out(drawn: Sequence[Any], there: int, what: str = "rows") -> str:
    """For a title; empty where all are drawn."""
    return f" ({len(drawn)} of {there} {what})" if there > len(drawn) else ""


def some(said: Sequence[str]) -> str:
    """A few of them as sentences, and how many more there are: who reads all reads the table."""
    more = len(said) - _TOLD
    return ". ".join(said[:_TOLD]) + (f". And {more} more." if more > 0 else ".")


def tooltip(fields: Mapping[str, str]) -> list[Any]:
    """Fields of marks by their titles; all are texts."""
    import altair as alt

    return [alt.Tooltip(field=field, type="nominal", title=title) for field, title in fields.items()]
