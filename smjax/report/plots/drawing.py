"""Between marks and Vega-Lite: charts of marks, and what such a chart is as a plain specification."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

HEIGHT_PX = 260


def chart(marks: Sequence[Mapping[str, Any]]) -> Any:
    """An altair chart of marks, which may only name their fields: whatever others wrote is data and nothing else.

    They are one text until the specification is made: altair copies lists, value by value, at each mark and encoding.
    """
    import altair as alt

    return alt.Chart(alt.InlineData(values=json.dumps(list(marks), allow_nan=False)))


def edge(channel: str, px: float = 0) -> Any:
    """A place in pixels from the view's left or upper edge, as an encoding of x or y."""
    import altair as alt

    of: Any = alt.XValue if channel == "x" else alt.YValue
    return of(px)


def spec(chart: Any) -> dict[str, Any]:
    """Without a configuration; unchecked, which tests do, as it would take most of the time.

    Marks that several layers draw are there once, in `datasets`.
    """
    import altair as alt

    with alt.data_transformers.enable(consolidate_datasets=False):
        found: dict[str, Any] = chart.to_dict(validate=False)
    sets: dict[str, str] = {}
    view = _named({name: value for name, value in found.items() if name not in ("config", "$schema")}, sets)
    return view | {"datasets": {name: json.loads(text) for text, name in sets.items()}}


def _named(view: dict[str, Any], sets: dict[str, str]) -> dict[str, Any]:
    """With the name of its marks in their place, and of those of its layers; `sets`: names by the marks' text."""
    found = dict(view)
    if "data" in found:
        text = found["data"]["values"]
        found["data"] = {"name": sets.setdefault(text, f"marks-{len(sets) + 1}")}
    if "layer" in found:
        found["layer"] = [_named(one, sets) for one in found["layer"]]
    return found
