"""What of two sides may be compared: figures of one definition, and in one state of the cores where that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import mean

from smjax.core.machine.sharing import ALONE, SHARED_STATE
from smjax.core.numbers import listed
from smjax.core.records.column import Column
from smjax.core.records.flags import DISTURBED
from smjax.report.compare.pairing import Pair, Process
from smjax.report.data.states import STATES

RELEVANT = 0.1
"""Up to this share of its time in another state a side counts as in one."""
LEAST = 2
"""Processes of a side that have a figure in a state."""


def comparable(pair: Pair, metrics: Sequence[Column]) -> Pair:
    """The same pair, with what is to be compared of it, and what is to be said of that.

    What is compared is the first of these figures that both sides have.
    """
    pair = _by_one_figure(pair, metrics)
    metric = pair.metric
    if refused := _redefined(pair, metric):
        return replace(pair, refused=refused)
    found = _in_one_state(pair, metric)
    return replace(found, said=(*found.said, *_unknown(pair), *_disturbed(pair)))


def disturbed(pair: Pair) -> tuple[tuple[int, int], tuple[int, int]]:
    """Of base and of new how many processes with a figure were, which count all the same, and how many there are."""
    base, new = (
        [DISTURBED.name in process.record.flags for process in side if process.value is not None]
        for side in (pair.base, pair.new)
    )
    return (sum(base), len(base)), (sum(new), len(new))


def _by_one_figure(pair: Pair, metrics: Sequence[Column]) -> Pair:
    """Where a side has none, by the first that the other has."""
    found = [replace(pair, metric=one, base=_by(pair.base, one.name), new=_by(pair.new, one.name)) for one in metrics]
    return next(filter(_has_both, found), next((one for one in found if any(one.values)), found[-1]))


def _has_both(pair: Pair) -> bool:
    return all(pair.values)


def _by(side: Sequence[Process], name: str) -> list[Process]:
    return [process.by(name) for process in side]


def _redefined(pair: Pair, metric: Column) -> str:
    """Why a figure is not the same one on both sides; empty where it is."""
    meant = {record.schema >= metric.since for records in pair.records for record in records}
    return f"{metric.name} of records before schema {metric.since} is another figure" if len(meant) > 1 else ""


def _in_one_state(pair: Pair, metric: Column) -> Pair:
    """The figures of the state in which both sides were most of the time; as they are where that was all of it."""
    base, new = _shares(pair.base), _shares(pair.new)
    if base is None or new is None:
        return pair
    common = {state: min(base[state], new[state]) for state in STATES}
    state = max(STATES, key=lambda state: common[state])
    if common[state] >= 1 - RELEVANT:
        return replace(pair, state=state)
    said = f"cores {state}: {base[state]:.0%} of base's time, {new[state]:.0%} of new's".replace("%", " %")
    if metric.over != "answers":
        together = f"{metric.name} is of both states of the cores together: {said}"
        is_unlike = abs(base[state] - new[state]) > RELEVANT
        return replace(pair, refused=together) if is_unlike else replace(pair, said=(together,))
    sides = [[_figure_in(process, state) for process in side] for side in (pair.base, pair.new)]
    if min(sum(process.value is not None for process in side) for side in sides) < LEAST:
        return replace(pair, refused=f"no state of the cores in common: {said}")
    return replace(pair, base=sides[0], new=sides[1], state=state, said=(f"compared within one state: {said}",))


def _shares(side: Sequence[Process]) -> dict[str, float] | None:
    """How much of a side's time its cores were in each state; None where fewer than half of its processes say."""
    alone = _alone_shares(side)
    known = [share for share in alone if share is not None]
    if not known or 2 * len(known) < len(alone):
        return None
    return {ALONE: mean(known), SHARED_STATE: 1 - mean(known)}


def _unknown(pair: Pair) -> tuple[str, ...]:
    """Of how many processes of a side it is not known in which state they were, where it is of others."""
    sides = {"base": _alone_shares(pair.base), "new": _alone_shares(pair.new)}
    if not any(share is not None for shares in sides.values() for share in shares):
        return ()
    told = [f"{one.count(None)} of {name}'s {len(one)} processes" for name, one in sides.items() if None in one]
    return (f"not known of {listed(told)} whether cores were shared",) if told else ()


def _disturbed(pair: Pair) -> tuple[str, ...]:
    """A reason to doubt a verdict: what neighbours did is no setting's doing."""
    told = [
        f"{count} of {name}'s {of}" for name, (count, of) in zip(("base", "new"), disturbed(pair), strict=True) if count
    ]
    return (f"disturbed: {listed(told)} processes",) if told else ()


def _alone_shares(side: Sequence[Process]) -> list[float | None]:
    return [process.alone_share for process in side if process.value is not None]


def _figure_in(process: Process, state: str) -> Process:
    return replace(process, value=process.by_state.get(state))
