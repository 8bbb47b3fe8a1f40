"""What settings do: ratios of figures along the axes that a sweep varies, with their intervals, beside 1."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from smjax.core.numbers import significant
from smjax.core.records.columns import PROVENANCES
from smjax.core.records.document import slug
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.report.compare.after_sweep import WITHIN, along_axes
from smjax.report.compare.between import Sides, between_runs
from smjax.report.compare.comparison import Comparison, Question
from smjax.report.compare.metrics import heading_of, metrics_of
from smjax.report.data.contents import Contents
from smjax.report.plots import ladder
from smjax.report.plots.drawing import chart, spec
from smjax.report.plots.plot import Plot
from smjax.report.plots.points import LONGEST
from smjax.report.plots.provenance import named, points
from smjax.report.plots.ratio_names import called
from smjax.stats.verdicts import Verdict

_SHAPES = {
    Verdict.FASTER: "triangle-up",
    Verdict.SLOWER: "triangle-down",
    Verdict.SAME: "circle",
    Verdict.UNDECIDED: "diamond",
}
_TICKS = (
    (0.9, 0.92, 0.94, 0.96, 0.98, 1, 1.02, 1.04, 1.06, 1.08, 1.1),
    (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2),
    (0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10),
    (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100),
    tuple(10.0**power for power in range(-12, 13)),
)
"""Of axes that reach further and further."""
_HOW = f"With intervals, beside the {WITHIN:.0%}".replace("%", " %") + " around 1 that make no difference."
_TWO = 2
_Found = tuple[Comparison, str]
"""With the provenance of its sweep: where a process was not measured here, what that is."""
_TOLD = {
    "row": "Row",
    "figure": "Ratio",
    "interval": "Interval",
    "verdict": "Verdict",
    "sides": "Base and new",
    "n": "n",
    "detectable": "Smallest change to be found",
    "provenance": "Provenance",
    "why": "Why",
}


def make(contents: Contents) -> Sequence[Plot]:
    """One for each axis that a sweep varies, and one of two runs, the later beside the earlier."""
    runs = defaultdict[str, list[Record]](list)
    for record in sorted(contents.records, key=lambda record: record.date):
        runs[record.run].append(record)
    return [*_along_axes(list(runs.values())), *(_between(*runs.values()) if len(runs) == _TWO else [])]


def _along_axes(runs: Sequence[Sequence[Record]]) -> list[Plot]:
    """Between sweeps nothing was measured in turn."""
    found = defaultdict[str, list[_Found]](list)
    for records in runs:
        for along in along_axes(records):
            found[along.axis] += _told(along.comparisons, records)
    return [_plot(f"by {printable(axis)}", there) for axis, there in found.items() if there]


def _between(base: Sequence[Record], new: Sequence[Record]) -> list[Plot]:
    """What one run has beside the other, with what is known of how far runs lie apart."""
    both = [*base, *new]
    comparisons, _ = between_runs(Sides([base], [new]), Question(metrics_of(both), WITHIN))
    there = _told(comparisons, both)
    return [_plot("between runs", there)] if there else []


def _told(comparisons: Sequence[Comparison], records: Sequence[Record]) -> list[_Found]:
    """Those that have a ratio."""
    worst = max((record.provenance for record in records), key=PROVENANCES.index)
    return [(one, worst) for one in comparisons if one.ratio is not None]


def _plot(kind: str, there: Sequence[_Found]) -> Plot:
    """Those that are furthest from 1 of too many."""
    furthest = sorted(range(len(there)), key=lambda place: -_distance(there[place][0]))[: ladder.MOST]
    drawn, provenances = zip(*(there[place] for place in sorted(furthest)), strict=True)
    told = called(drawn)
    marks = [
        _mark(one, name, number) | {"provenance": provenance}
        for number, (one, name, provenance) in enumerate(zip(drawn, told.names, provenances, strict=True))
    ]
    differing = f": {told.differing}" if told.differing else ""
    title = f"Ratios {kind}{differing}{ladder.left_out(drawn, len(there))}"
    figure = heading_of([one.metric for one in drawn])
    axis = f"{figure[:1].upper()}{figure[1:]}, {told.new} / {told.base}"
    return Plot(slug(f"ratios {kind}"), title, _in_words(marks, drawn), spec(_chart(marks, told.names, axis)))


def _distance(one: Comparison) -> float:
    ratio = one.ratio or 1
    return max(ratio, 1 / ratio)


def _mark(one: Comparison, name: str, number: int) -> dict[str, Any]:
    heading = heading_of([one.metric])
    count = " and ".join(map(str, dict.fromkeys(one.count)))
    return {
        "at": ladder.place(number),
        "x": one.ratio,
        "lo": one.bounds.lo if one.bounds else None,
        "hi": one.bounds.hi if one.bounds else None,
        "row": printable(name, LONGEST),
        "figure": f"{significant(one.ratio)} ({heading})",
        "interval": f"{one.bounds.lo:.4f} to {one.bounds.hi:.4f}" if one.bounds else "none",
        "verdict": str(one.verdict),
        "sides": f"{significant(one.base)} and {significant(one.new)} {one.metric.unit}",
        "n": f"{count} {'runs' if one.are_runs else 'processes'}",
        "detectable": f"{significant(one.detectable * 100, 2)} %" if one.detectable else "not known",
        "why": printable("; ".join((*one.why, *one.spread)) or "\N{EN DASH}", LONGEST),
    }


def _chart(marks: Sequence[dict[str, Any]], names: Sequence[str], title: str) -> Any:
    import altair as alt

    count, by = len(marks), _by_verdict(marks)
    y, x = ladder.vertical(count), _across(marks, title)
    base_chart = chart(marks)
    bars = base_chart.mark_rule(strokeWidth=2).encode(
        x=alt.X("lo", type="quantitative"), x2=alt.X2("hi"), y=y, stroke=by["stroke"]
    )
    texts = [
        (f"{mark['figure'].partition(' ')[0]} {mark['verdict']}", name) for mark, name in zip(marks, names, strict=True)
    ]
    return alt.layer(
        *_without_difference(count),
        bars.transform_filter(alt.FieldValidPredicate(field="lo", valid=True)),
        *points(base_chart, marks, 80, x=x, y=y, tooltip=ladder.tooltip(_TOLD), **by),
        ladder.names(texts, count),
    ).properties(width="container", height=ladder.height(count))


def _across(marks: Sequence[dict[str, Any]], title: str) -> Any:
    """Half and double are as far from 1."""
    import altair as alt

    ends = [one[end] for one in marks for end in ("x", "lo", "hi") if one[end]]
    lo, hi = min(*ends, 1 / (1 + 2 * WITHIN)), max(*ends, 1 + 2 * WITHIN)
    steps = next(steps for steps in _TICKS if steps[0] <= lo and hi <= steps[-1])
    ticks = alt.Axis(values=[tick for tick in steps if lo <= tick <= hi], format="~r", labelOverlap="greedy")
    return alt.X("x:Q", title=title, scale=alt.Scale(type="log", domain=[lo, hi], nice=False, padding=10), axis=ticks)


def _by_verdict(marks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    import altair as alt

    known = [str(one) for one in _SHAPES]
    there = [one for one in known if any(mark["verdict"] == one for mark in marks)]
    legend = alt.Legend(title=None, values=there, columns=4)
    colours, shapes = alt.Scale(domain=known), alt.Scale(domain=known, range=list(_SHAPES.values()))
    return {
        "fill": alt.Fill("verdict:N", scale=colours, legend=legend),
        "stroke": alt.Stroke("verdict:N", scale=colours, legend=legend),
        "shape": alt.Shape("verdict:N", scale=shapes, legend=legend),
    }


def _without_difference(count: int) -> list[Any]:
    """1, and what is as good as 1, beside the marks and not behind their names."""
    import altair as alt

    places = [ladder.place(number) for number in range(count)]
    spans = [{"top": at - 0.2, "end": at + 0.2, "one": 1, "lo": 1 - WITHIN, "hi": 1 + WITHIN} for at in places]
    base, y = chart(spans), ladder.vertical(count, "top")
    return [
        base.mark_rect(opacity=0.15).encode(x=alt.X("lo", type="quantitative"), x2=alt.X2("hi"), y=y, y2=alt.Y2("end")),
        base.mark_rule(strokeWidth=1).encode(x=alt.X("one", type="quantitative"), y=y, y2=alt.Y2("end")),
    ]


def _in_words(marks: Sequence[dict[str, Any]], drawn: Sequence[Comparison]) -> str:
    said = [
        f"{named(mark['row'], mark['provenance'])}: {mark['figure']}, interval {mark['interval']}, {mark['verdict']}"
        f"{', of disturbed processes' if one.is_disturbed else ''}"
        for mark, one in zip(marks, drawn, strict=True)
    ]
    return f"{_HOW} {ladder.some(said)}"
