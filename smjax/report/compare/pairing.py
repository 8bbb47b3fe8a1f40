"""Worker processes as comparisons see them, and how those of two sides stand beside each other."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smjax.core.records.attempts import Attempt, that_count
from smjax.core.records.record import Record
from smjax.report.compare.fields import asked, jaxlib_of, machine_of, weights_of
from smjax.report.data.figures import names_over
from smjax.report.data.processes import per_process
from smjax.report.data.states import STATES

_DEPENDING = {*names_over("answers", "pooled"), "energy_j_per_token"}
"""Figures that are others while somebody unseen shares the cores: of all that is generated."""

Block = tuple[int, int]
"""Session of a sweep, and block in it: each session counts its blocks from 0."""


@dataclass(frozen=True)
class Process:
    """One that counts."""

    record: Record
    value: float | None
    """Its figure; None where it did not finish ok or has no such figure."""
    block: Block | None
    """None where the record does not say, as before schema 2."""
    run: int = 0
    """Which of its side's runs it is of."""
    alone_share: float | None = None
    """How much of its time nobody unseen shared its cores; None where that is not known, or changes no such figure."""
    by_state: Mapping[str, float] = field(default_factory=dict)
    """Its figure in each state of the cores that it was in."""


AS_NAMED = ("base", "new")
"""Sides that have no names of their own."""

Runs = Sequence[Sequence[Record]]
"""Of one side, each in a folder of its own."""


@dataclass(frozen=True)
class Pair:
    """Two sides to compare, each in the order of time."""

    base: Sequence[Process]
    new: Sequence[Process]
    axis: str | None = None
    """What tells the sides apart, if they are of one sweep: they then ran in the same blocks."""
    names: tuple[str, str] = AS_NAMED
    """What its sides are called; along an axis by their values."""
    state: str = ""
    """Of the cores on both sides, where it is known."""
    said: tuple[str, ...] = ()
    """How much of the time they were in which, where that was not all of it."""
    refused: str = ""
    """Why there is no ratio, whatever the figures."""

    @property
    def values(self) -> tuple[list[float], list[float]]:
        """Both sides' figures."""
        return known(self.base), known(self.new)

    @property
    def records(self) -> tuple[list[Record], list[Record]]:
        """Both sides' records."""
        return [process.record for process in self.base], [process.record for process in self.new]


def in_order(pairs: Iterable[Pair]) -> list[Pair]:
    """As rows of tables are: by model, context and threads of the base."""

    def place(pair: Pair) -> tuple[str, int, int]:
        record = pair.base[0].record
        return record.model.name or "", record.scenario.ctx, record.scenario.threads

    return sorted(pairs, key=place)


def by_run(side: Sequence[Process]) -> list[list[float]]:
    """A side's figures in each of its runs that has one."""
    found = defaultdict[int, list[float]](list)
    for process in side:
        found[process.run] += known([process])
    return [values for _, values in sorted(found.items()) if values]


def known(processes: Iterable[Process]) -> list[float]:
    """The figures that there are."""
    return [process.value for process in processes if process.value is not None]


def processes_of(records: Sequence[Record], metric: str) -> list[Process]:
    """Those that count of all attempts, in the order of time, each with its figure of a column that has one."""
    return processes_of_each([records], metric)[0]


def processes_of_each(runs: Runs, metric: str) -> list[list[Process]]:
    """The same of several runs, all judged together: whether cores were shared is told by the best in any of them."""
    figures = iter(_figures([record for records in runs for record in records], metric))
    return [
        _that_count(records, list(itertools.islice(figures, len(records))), number)
        for number, records in enumerate(runs)
    ]


def _that_count(records: Sequence[Record], figures: Sequence[dict[str, Any]], run: int) -> list[Process]:
    in_time = sorted(range(len(records)), key=lambda place: _when(records[place]))
    blocks = _blocks([records[place] for place in in_time])
    found = [
        Process(records[place], block=block, run=run, **figures[place])
        for place, block in zip(in_time, blocks, strict=True)
    ]
    counted = that_count(
        Attempt((row_key(one.record), one.record.replicate), one.record.attempt, one.record.ok, one.record.date)
        for one in found
    )
    return [process for place, process in enumerate(found) if place in counted]


def _figures(records: Sequence[Record], metric: str) -> list[dict[str, Any]]:
    """Of each record its figure, and in which state of the cores it is what; that only of figures over answers."""
    if not records:
        return []
    frame, unknown = per_process(records), [None] * len(records)
    shares: Iterable[Any] = frame["alone_share"] if metric in _DEPENDING else unknown
    names = (f"{metric}_{state}" for state in STATES)
    of_states: list[Iterable[Any]] = [frame[name] if name in frame.columns else unknown for name in names]
    return [
        {
            "value": value,
            "alone_share": share,
            "by_state": {state: figure for state, figure in zip(STATES, figures, strict=True) if figure is not None},
        }
        for value, share, *figures in zip(frame[metric], shares, *of_states, strict=True)
    ]


def program_key(record: Record) -> Hashable:
    """Records that agree in it measured the same: one scenario, by the same code, on one machine."""
    wanted = {name: value for name, value in asked(record).items() if name != "label"}
    code = (record.model.hash, record.identity, record.smjax, jaxlib_of(record), record.provenance)
    return tuple(wanted.items()), code, record.host, machine_of(record)


def scenario_key(record: Record) -> Hashable:
    """Records that agree in it are of the same scenario."""
    s = record.scenario
    return weights_of(record), s.n_prompt, s.n_gen, s.ctx, s.threads, s.tokens_per_dispatch


def place_key(record: Record) -> Hashable:
    """Records that agree in it are of the same scenario on the same machine."""
    return scenario_key(record), machine_of(record), record.provenance


def thing_key(record: Record) -> Hashable:
    """Records that agree in it are of the same thing, whichever sweep measured it."""
    return program_key(record), record.scenario.label


def row_key(record: Record) -> Hashable:
    """Records that agree in it are processes of one row, of one sweep."""
    return thing_key(record), record.run


def by_blocks(base: Sequence[Process], new: Sequence[Process]) -> list[tuple[float, float]]:
    """Both sides' figures in each block that has both, in the order of time; of several in a block their mean."""
    ours, theirs = _means(base), _means(new)
    return [(ours[block], theirs[block]) for block in sorted(ours.keys() & theirs.keys())]


def _means(processes: Sequence[Process]) -> dict[Block, float]:
    found = defaultdict[Block, list[float]](list)
    for process in processes:
        if process.block is not None and process.value is not None:
            found[process.block].append(process.value)
    return {block: _mean(values) for block, values in found.items()}


def _mean(values: Sequence[float]) -> float:
    """Geometric, as ratios are what is compared; a figure that is not positive has none."""
    return math.exp(sum(map(math.log, values)) / len(values)) if min(values) > 0 else math.nan


def _when(record: Record) -> tuple[str, int, int]:
    order = record.order
    return (record.date, -1, -1) if order is None else (record.date, order.block, order.position)


def _blocks(in_time: Sequence[Record]) -> list[Block | None]:
    """A session is a new one where its block, or its position in that, is before the last one's."""
    found: list[Block | None] = []
    session, before = 0, (-1, -1)
    for record in in_time:
        if record.order is None:
            found.append(None)
            continue
        now = (record.order.block, record.order.position)
        session, before = session + (now < before), now
        found.append((session, record.order.block))
    return found
