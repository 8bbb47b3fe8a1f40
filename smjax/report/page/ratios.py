"""What settings that a sweep went through do, in words: which ratios are certain, and which are not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from smjax.core.numbers import plural, significant
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.report.compare.after_sweep import AXES, along_axes
from smjax.report.compare.cells import varying
from smjax.report.compare.comparison import Comparison
from smjax.report.compare.fields import shown
from smjax.report.compare.spread import percent
from smjax.report.data.run_names import short_names
from smjax.report.page.wording import MOST_NAMED, TRUSTED, outward
from smjax.stats.verdicts import Verdict

_AXES = (*AXES, "label", "threads", "tokens_per_dispatch")
_DISTURBED = ", but processes were disturbed, which need not have slowed both alike"
_MOST = 8
"""Sentences of a kind."""
_PLACE = ("model", "op", "shape", "cache", "engine", "kernel", "isa", "threads", "ctx", "n_gen", "label")
"""What a row of comparisons is called by, as far as its rows differ in it."""
_COUNTED = {"threads": ("thread", "threads"), "tokens_per_dispatch": ("token per dispatch", "tokens per dispatch")}


def sentences(records: Sequence[Record]) -> tuple[list[str], list[str]]:
    """What is certain and what is not, of each sweep by itself: between sweeps nothing was measured in turn."""
    sweeps = defaultdict[str, list[Record]](list)
    for record in records:
        if record.provenance in TRUSTED:
            sweeps[record.run].append(record)
    certain, uncertain = list[str](), list[str]()
    names = short_names(run for run in sweeps if run)
    for run, own in sorted(sweeps.items()):
        of = f" of run {printable(names[run])}" if run and len(names) > 1 else ""
        for found in along_axes(own, _AXES):
            for sides in _by_sides(found.comparisons):
                certain += _decided(found.axis, sides, of, are_disturbed=False)
                uncertain += _decided(found.axis, sides, of, are_disturbed=True)
                uncertain += _uncertain(found.axis, sides, of)
    return _first(certain), _first(uncertain)


def _first(told: list[str]) -> list[str]:
    more = len(told) - _MOST
    left = f"And {more} more comparisons: smjax compare DIR --axis NAME says what became of them."
    return [*told[:_MOST], left] if more > 1 else told


def _by_sides(comparisons: Sequence[Comparison]) -> Iterator[list[Comparison]]:
    found = defaultdict[Any, list[Comparison]](list)
    for one in comparisons:
        if one.base is not None and one.new is not None:
            found[one.names, one.metric.name].append(one)
    yield from found.values()


def _decided(axis: str, own: Sequence[Comparison], of: str, *, are_disturbed: bool) -> Iterator[str]:
    """A sentence for each verdict that some of them have, of those that something disturbed, or of the others."""
    base, new = _sides(axis, *own[0].names)
    figure = own[0].metric.heading or own[0].metric.name
    for verdict in (Verdict.FASTER, Verdict.SLOWER, Verdict.SAME):
        found = [one for one in own if one.verdict is verdict and one.is_disturbed is are_disturbed]
        if not found:
            continue
        than = f"the same as {base}" if verdict is Verdict.SAME else f"{verdict} than {base}"
        verb = "are" if axis in _COUNTED and not new.startswith("1 ") else "is"
        where, but = _where(len(found), len(own), of), _DISTURBED if are_disturbed else ""
        yield f"{new} {verb} {than}{where}: {_range(found, own)} times the {figure}{but}."


def _range(found: Sequence[Comparison], own: Sequence[Comparison]) -> str:
    """The one ratio with its interval, or the least and the most of them."""
    known = sorted((one for one in found if one.ratio is not None), key=lambda one: one.ratio or 0)
    least, most = known[0], known[-1]
    if least is most:
        return _ratio(least)
    return f"{_ratio(least, _place(least, own))} to {_ratio(most, _place(most, own))}"


def _ratio(one: Comparison, place: str = "") -> str:
    assert one.bounds is not None
    told = f"interval {outward(one.bounds.lo, one.bounds.hi)}"
    return f"{significant(one.ratio)} ({'; '.join(filter(None, [place, told]))})"


def _uncertain(axis: str, own: Sequence[Comparison], of: str) -> Iterator[str]:
    """One sentence on all that are undecided, and how far they are from it."""
    found = [one for one in own if one.verdict is Verdict.UNDECIDED]
    if not found:
        return
    base, new = _sides(axis, *own[0].names)
    told = "; ".join(_why(one, own) for one in found[:MOST_NAMED])
    yield f"{new} beside {base}: undecided{_where(len(found), len(own), of)}: {told}{_more(found)}."


def _more(found: Sequence[Comparison]) -> str:
    return f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""


def _why(one: Comparison, own: Sequence[Comparison]) -> str:
    place = _place(one, own)
    if one.bounds is None:
        told = ", ".join(one.why[:2]) or "no interval"
    else:
        told = f"ratio {significant(one.ratio)}, interval {outward(one.bounds.lo, one.bounds.hi)}"
        told += f", where a change of {percent(one.detectable)} would have been found" if one.detectable else ""
    return f"{place}, {told}" if place else told


def _where(count: int, of_all: int, of: str) -> str:
    """In how many of the rows, which are all `of` a run if there are several; nothing where there is one row."""
    everywhere = {1: "the row", 2: "both rows"}.get(of_all, f"all {of_all} rows")
    if of_all == 1 and not of:
        return ""
    return f" in {everywhere if count == of_all else f'{count} of {of_all} rows'}{of}"


def _place(one: Comparison, own: Sequence[Comparison]) -> str:
    apart = varying([other.scenario for other in own])
    said = [(name, one.scenario.get(name)) for name in _PLACE if name in apart]
    return ", ".join(_field(name, value) for name, value in said if value is not None and not isinstance(value, list))


def _field(name: str, value: Any) -> str:
    if name in _COUNTED:
        return plural(value, *_COUNTED[name])
    return shown(value) if name in ("model", "op", "shape") else f"{name} {shown(value)}"


def _sides(axis: str, base: str, new: str) -> tuple[str, str]:
    """As a sentence has them, the new one first: "kernel native … than xla"."""
    if axis in _COUNTED:
        return _count(axis, base), _count(axis, new)
    return base, new if axis == "engine" else f"{axis} {new}"


def _count(axis: str, value: str) -> str:
    return plural(int(value), *_COUNTED[axis]) if value.isdecimal() else f"{value} {_COUNTED[axis][1]}"
