"""What axes are called, and how they are scaled: from zero, or by decades where figures span them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from smjax.report.plots.points import BY_NAME

_DECADES = 30
"""Times the least figure, from which the least would be lost on an axis from zero."""
_TICKS = 8
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


def figures_scale(values: Iterable[float | None]) -> Any:
    """From zero, which shows differences as large as they are, or logarithmic."""
    import altair as alt

    return alt.Scale(type="log", nice=True) if is_log(values) else alt.Scale(zero=True, nice=True)


def sizes_axis(values: Sequence[float]) -> dict[str, Any]:
    """Scale and ticks of sizes, threads or the like: at what was measured, and doubled steps are alike wide."""
    import altair as alt

    distinct = sorted(set(values))
    is_doubling = distinct[0] > 0 and distinct[-1] >= 4 * distinct[0]
    scale = alt.Scale(type="log", base=2, nice=False, padding=12) if is_doubling else alt.Scale(zero=False, padding=12)
    step = -(-len(distinct) // _TICKS)
    ticks = distinct[::-1][::step][::-1]
    return {"scale": scale, "axis": alt.Axis(values=ticks, format="~d", labelOverlap="greedy")}
