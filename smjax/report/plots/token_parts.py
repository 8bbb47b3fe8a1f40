"""Where a token's time goes: the parts of a decode step in their order, each from where the one before ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smjax.core.numbers import plural, significant
from smjax.core.text import printable
from smjax.report.data.contents import Contents
from smjax.report.data.profile_document import ToldPart, ToldProfile
from smjax.report.plots import ladder
from smjax.report.plots.drawing import chart, edge, spec
from smjax.report.plots.names import apart
from smjax.report.plots.plot import Plot

_MOST = 4
"""Profiles, each with a picture."""
_RUNG_PX = 38
_KINDS = {"takes": "time", "reads": "reading its bytes at bandwidth"}
_NAMED = ("model", "kernel", "threads", "ctx", "isa", "kv_dtype", "n_gen", "cpu", "machine", "date")
_TOLD = {
    "row": "Part",
    "meaning": "What it is",
    "figure": "Time",
    "share": "Of the step as measured",
    "bandwidth": "Reading its bytes at bandwidth",
    "n": "n",
    "provenance": "Provenance",
    "flags": "Flags",
}


def make(contents: Contents) -> Sequence[Plot]:
    """One for each profile that lies in the folders."""
    drawn = contents.profiles[:_MOST]
    names = apart([vars(one) for one in drawn], _NAMED)
    more = ladder.left_out(drawn, len(contents.profiles), "profiles")
    return [_plot(one, name, number, more) for number, (one, name) in enumerate(zip(drawn, names, strict=True))]


def _plot(profile: ToldProfile, called: str, number: int, more: str) -> Plot:
    marks, step = _marks(profile), profile.decode
    title = f"Where a token's time goes, {called}{more}"
    name = f"token-parts{f'-{number + 1}' if number else ''}"
    largest = sorted(marks, key=lambda mark: mark["x2"] - mark["x"], reverse=True)[:3]
    said = "; ".join(f"{mark['row']} {mark['figure']}, {mark['share']}" for mark in largest)
    whole = f"A token takes {significant(step.measured_us)} µs, its parts add up to {significant(step.parts_us)} µs"
    whole += "" if step.is_explained else ": where the time goes is not known"
    title += "" if step.is_explained else " (parts do not add up)"
    return Plot(name, title, f"{whole}. The largest: {said}.", spec(_chart(marks, step.measured_us)))


def _marks(profile: ToldProfile) -> list[dict[str, Any]]:
    """Bars, and behind each what reading its bytes takes."""
    found, end = list[dict[str, Any]](), 0.0
    for number, part in enumerate(profile.decode.parts):
        at = ladder.place(number)
        found.append(
            {
                "x": end,
                "x2": end + part.us,
                "top": at - 0.22,
                "low": at + 0.06,
                "end": at + 0.16,
                **_told(part, profile, end),
            }
        )
        end += part.us
    return found


def _told(part: ToldPart, profile: ToldProfile, start: float) -> dict[str, Any]:
    at_bandwidth = part.at_bandwidth_us
    return _KINDS | {
        "row": printable(part.part),
        "meaning": printable(part.meaning, 200),
        "figure": f"{significant(part.us)} µs",
        "share": f"{significant(part.share * 100, 2)} %",
        "bandwidth": "\N{EN DASH}" if at_bandwidth is None else f"{significant(at_bandwidth)} µs",
        "reach": None if at_bandwidth is None else start + at_bandwidth,
        "n": f"{plural(profile.replicates, 'process', 'processes')} of {profile.decode.steps} steps",
        "provenance": f"measured ({profile.method})",
        "flags": printable(part.flag or "none"),
    }


def _chart(marks: Sequence[dict[str, Any]], measured_us: float) -> Any:
    import altair as alt

    count, base, told = len(marks), chart(marks), ladder.tooltip(_TOLD)
    y = ladder.vertical(count, "top")
    axis = alt.Axis(tickCount=5, grid=True)
    x = alt.X("x:Q", title="Time from the beginning of a token (µs)", scale=alt.Scale(zero=True), axis=axis)
    bars = base.mark_rect().encode(x=x, x2=alt.X2("x2"), y=y, y2=alt.Y2("end"), fill=_kind("takes"), tooltip=told)
    thin = base.transform_filter(alt.FieldValidPredicate(field="reach", valid=True))
    reads = thin.mark_rect().encode(
        x=x, x2=alt.X2("reach"), y=ladder.vertical(count, "low"), y2=alt.Y2("end"), fill=_kind("reads")
    )
    whole = chart([{"x": measured_us, "said": f"measured {significant(measured_us)} µs"}])
    line = whole.mark_rule(strokeDash=[3, 3]).encode(x=x)
    word = whole.mark_text(align="right", dx=-4, baseline="top").encode(
        x=x, y=edge("y"), text=alt.Text("said", type="nominal")
    )
    texts = [(mark["row"], f"{mark['figure']}, {mark['share']}") for mark in marks]
    return alt.layer(bars, reads, line, word, ladder.names(texts, count, _RUNG_PX)).properties(
        width="container", height=ladder.height(count, _RUNG_PX)
    )


def _kind(field: str) -> Any:
    import altair as alt

    scale = alt.Scale(domain=list(_KINDS.values()))
    return alt.Fill(field, type="nominal", scale=scale, legend=alt.Legend(title=None))
