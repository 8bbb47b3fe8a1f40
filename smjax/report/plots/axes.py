"""What axes are called, and how they are scaled: from zero, or by decades where figures span them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from smjax.report.plots.points import BY_NAME

_DECADES = 30
"""Times the least figure, from which the least would be lost on an axis from zero."""
_TICKS = 8
_FEW_DECADES = 4
_DOUBLING = 16
"""Times the least size, from which doubled steps are alike wide."""
TITLES = {
    "ctx": "Context (tokens)",
    "threads": "Threads",
    "decode_tok_per_s": "Decode rate (tok/s)",
    "prefill_tok_per_s": "Prefill rate (tok/s)",
    "e2e_tok_per_s": "End-to-end rate (tok/s)",
    "sustained_tok_per_s": "Sustained decode rate (tok/s)",
    "ttft_ms": "Time to first token (ms)",
    "call_us": "Time of a call (µs)",
    "loop_us": "Time of a call in a loop (µs)",
    "gb_per_s": "Bytes read (GB/s)",
    "op_gb_per_s": "Bytes moved (GB/s)",
    "peak_rss_mb": "Peak resident memory (MB)",
}
"""Of axes, in the field's terms; others are called as their columns are."""


def title_of(name: str) -> str:
    """Of a column's axis, with its unit."""
    if name in TITLES:
        return TITLES[name]
    column = BY_NAME[name]
    words = name.replace("_", " ")
    unit = "" if column.unit in ("", "ratio") else f" ({column.unit})"
    return f"{words[:1].upper()}{words[1:]}{unit}"


def is_log(values: Iterable[float | None]) -> bool:
    """Whether all are above 0 and they span decades."""
    known = [value for value in values if value is not None]
    return bool(known) and min(known) > 0 and max(known) > _DECADES * min(known)


def saying_scale(title: str, values: Iterable[float | None]) -> str:
    """The title of an axis of `figures`, which says where it does not begin at zero."""
    return f"{title}, log scale" if is_log(values) else title


def figures(title: str, values: Iterable[float | None], channel: str = "y", field: str = "y") -> Any:
    """The axis of figures: from zero, which shows differences as large as they are, or logarithmic."""
    import altair as alt

    known = [value for value in values if value is not None]
    of = alt.X if channel == "x" else alt.Y
    if not is_log(known):
        return of(field, type="quantitative", title=title, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=5))
    scale = alt.Scale(type="log", domain=[min(known), max(known)], nice=False, padding=10)
    axis = alt.Axis(values=log_ticks(min(known), max(known)), format="~r", labelOverlap="greedy")
    return of(field, type="quantitative", title=title, scale=scale, axis=axis)


def log_ticks(lo: float, hi: float) -> list[float]:
    """Powers of ten, with halves and fifths of them where there are few."""
    first, last = math.floor(math.log10(lo)), math.ceil(math.log10(hi))
    steps = (1, 2, 5) if last - first < _FEW_DECADES else (1,)
    ticks = [float(f"{step}e{power}") for power in range(first, last + 1) for step in steps]
    return [tick for tick in ticks if lo <= tick <= hi]


def sizes(name: str, values: Sequence[float]) -> Any:
    """The axis of sizes, threads or the like, with ticks at what was measured; logarithmic where they span."""
    import altair as alt

    distinct = sorted(set(values))
    is_doubling = distinct[0] > 0 and distinct[-1] >= _DOUBLING * distinct[0]
    scale = alt.Scale(type="log", base=2, nice=False, padding=12) if is_doubling else alt.Scale(zero=False, padding=12)
    step = -(-len(distinct) // _TICKS)
    axis = alt.Axis(values=distinct[::-1][::step][::-1], format="~d", labelOverlap="greedy")
    return alt.X("x:Q", title=title_of(name), scale=scale, axis=axis)


def decades(title: str, ticks: Sequence[float], domain: Sequence[float] | None = None, **labels: Any) -> Any:
    """A logarithmic axis of what spans decades; `labels`: how they are written."""
    import altair as alt

    given: dict[str, Any] = labels or {"format": "~s"}
    axis = alt.Axis(values=list(ticks), labelOverlap="greedy", **given)
    within: dict[str, Any] = {"domain": list(domain)} if domain else {}
    return alt.X("x:Q", title=title, scale=alt.Scale(type="log", nice=False, padding=12, **within), axis=axis)


def measured(title: str, values: Sequence[float]) -> Any:
    """The axis of a figure that others are drawn over."""
    import altair as alt

    if is_log(values):
        return decades(title, log_ticks(min(values), max(values)), format="~r")
    return alt.X("x:Q", title=title, scale=alt.Scale(zero=False, padding=12), axis=alt.Axis(tickCount=6))


def numbered(title: str, count: int) -> Any:
    """The axis of things in their order, from 1 on, with room for half of one at each end."""
    import altair as alt

    step = max(1, -(-count // _TICKS))
    ticks = sorted({1, *range(step, count + 1, step)})
    scale = alt.Scale(domain=[0.5, count + 0.5], nice=False)
    return alt.X("x:Q", title=title, scale=scale, axis=alt.Axis(values=ticks, format="d"))
