"""Between marks and Vega-Lite: charts of marks, and what such a chart is as a plain specification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

HEIGHT_PX = 260


def chart(marks: Sequence[Mapping[str, Any]]) -> Any:
    """An altair chart of marks, which may only name their fields: whatever others wrote is data and nothing else."""
    import altair as alt

    return alt.Chart(alt.InlineData(values=list(marks)))


def spec(chart: Any) -> dict[str, Any]:
    """Without a configuration and any state of altair's; unchecked, which tests do, as it would take most of the time.

    Data lies where it is drawn, not in a list of all.
    """
    import altair as alt

    with alt.data_transformers.enable(consolidate_datasets=False):
        found: dict[str, Any] = chart.to_dict(validate=False)
    return {name: value for name, value in found.items() if name not in ("config", "$schema")}
