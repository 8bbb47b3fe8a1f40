"""Inter-token latency over depth: how much longer a token takes the more there is in the cache, and how it scatters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from smjax.core.numbers import plural, significant
from smjax.core.records.record import Record
from smjax.report.data.contents import Contents
from smjax.report.plots.axes import figures, saying_scale
from smjax.report.plots.drawing import HEIGHT_PX, chart, spec
from smjax.report.plots.lines import series
from smjax.report.plots.plot import Plot
from smjax.report.plots.points import of_row, tooltip
from smjax.report.plots.provenance import named
from smjax.report.plots.series import Line, lines

_DEPTHS = 60
"""Parts of an answer, each with a median and a band."""
_MOST = 6
"""Bands that can still be told apart."""
_LEAST_TOKENS = 8


def make(contents: Contents) -> Sequence[Plot]:
    """One, of the deepest row of each program whose tokens were dispatched one by one."""
    known = contents.rows.filter(pl.col("itl_ms_p50").is_not_null(), pl.col("ctx") > 0)
    found = lines(known, "ctx", ["record_numbers", "replicates", "provenance", "flags"], least=1)
    told = [(line, part) for line in found.drawn if (part := _of(line, contents.records))][:_MOST]
    data = [mark for _, part in told for mark in part]
    if not data:
        return []
    title = (
        f"Inter-token latency over depth{f' ({len(told)} of {found.there} lines)' if found.there > len(told) else ''}"
    )
    drawn = _chart(data, [line.name for line, _ in told])
    return [Plot("itl-over-depth", title, _in_words([part for _, part in told]), spec(drawn))]


def _of(line: Line, records: Sequence[Record]) -> list[dict[str, Any]]:
    """A mark for each part of the answers of the row with the largest context."""
    row = line.rows[-1]
    own = [records[number] for number in row["record_numbers"] if records[number].ok]
    answers = [sample.token_ns for record in own for sample in record.samples if sample.token_ns]
    longest = max(map(len, answers), default=0)
    if longest < _LEAST_TOKENS:
        return []
    start = own[0].scenario.n_prompt + 1
    whole = np.full((len(answers), longest), np.nan)
    for number, answer in enumerate(answers):
        whole[number, : len(answer)] = answer
    edges = np.unique(np.linspace(0, longest, min(_DEPTHS, longest) + 1).astype(int))
    said = of_row(row, f"{line.name}, ctx {row['ctx']}") | {
        "series": line.name,
        "n": f"{plural(len(answers), 'answer', 'answers')} of {plural(len(own), 'process', 'processes')}",
    }
    return [said | _part(whole[:, a:b] / 1e6, start + (a + b - 1) / 2) for a, b in pairwise(edges)]


def _part(ms: np.ndarray, depth: float) -> dict[str, Any]:
    lo, middle, hi = (float(one) for one in np.nanquantile(ms, [0.1, 0.5, 0.9]))
    return {
        "x": depth,
        "y": middle,
        "lo": lo,
        "hi": hi,
        "figure": f"{significant(middle)} ms",
        "interval": f"{significant(lo)} to {significant(hi)} ms",
        "depth": f"{depth:.0f}",
    }


def _chart(data: Sequence[dict[str, Any]], names: Sequence[str]) -> Any:
    import altair as alt

    by = series(names, is_of_lines=True)
    x = alt.X("x:Q", title="Tokens in the cache", scale=alt.Scale(zero=False, nice=False), axis=alt.Axis(tickCount=6))
    ends = [one[end] for one in data for end in ("lo", "hi")]
    title = saying_scale("Inter-token latency (ms)", ends)
    y = figures(title, ends)
    base = chart(data)
    band = base.mark_area(opacity=0.18, line=False).encode(
        x=x, y=alt.Y("lo:Q", title=title), y2=alt.Y2("hi"), fill=by.point["fill"]
    )
    told = tooltip("Median", {"interval": "p10 to p90", "depth": "Tokens in the cache"})
    line = base.mark_line().encode(x=x, y=y, **by.line)
    points = base.mark_point(opacity=0, size=80).encode(x=x, y=y, tooltip=told)
    return alt.layer(band, line, points).properties(width="container", height=HEIGHT_PX)


def _in_words(parts: Sequence[Sequence[dict[str, Any]]]) -> str:
    said = [
        f"{named(part[0]['row'], part[0]['provenance'])}: from {part[0]['figure']} to {part[-1]['figure']} at the end"
        for part in parts
    ]
    return f"Medians by position in the answer, with bands from p10 to p90 over all answers. {'; '.join(said)}."
