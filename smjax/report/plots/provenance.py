"""What was not measured here looks hollow, wherever it is drawn, and a legend says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smjax.core.records.columns import PROVENANCES
from smjax.report.plots.theme import HOLE, SIZE

_MEASURED = "measured"
_WIDTH_PX = 1.5
"""Of every outline: that it is encoded makes a legend, which how a mark is filled does not get from Vega-Lite."""


def points(base: Any, data: Sequence[Mapping[str, Any]], size: int = SIZE, **encoding: Any) -> list[Any]:
    """Points of `base` whose marks are `data`, as layers: hollow ones hide the lines behind them."""
    others = _others(data)
    if not others:
        return [base.mark_point(size=size).encode(**encoding)]
    import altair as alt

    width = alt.Scale(domain=[_MEASURED, *others], range=[_WIDTH_PX] * (len(others) + 1))
    legend = alt.Legend(title="Hollow: not measured here", values=others, symbolFillColor="transparent")
    is_other = alt.FieldOneOfPredicate(field="provenance", oneOf=others)
    places = {channel: encoding[channel] for channel in ("x", "y", "shape") if channel in encoding}
    return [
        base.mark_point(style=HOLE, size=size).encode(**places).transform_filter(is_other),
        base.mark_point(size=size).encode(
            **encoding,
            fillOpacity=alt.condition(is_other, alt.value(0), alt.value(1)),
            strokeWidth=alt.StrokeWidth("provenance:N", scale=width, legend=legend),
        ),
    ]


def named(name: str, provenance: str) -> str:
    """What a text calls it: who sees no hollow mark reads what was not measured here."""
    return name if provenance == _MEASURED or provenance in name else f"{name}, {provenance}"


def _others(data: Sequence[Mapping[str, Any]]) -> list[str]:
    there = {one["provenance"] for one in data}
    return [one for one in (*PROVENANCES, "unknown") if one in there and one != _MEASURED]
