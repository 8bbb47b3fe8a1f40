"""Worker processes as comparisons see them, and how those of two sides stand beside each other."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from smjax.core.records.attempts import Attempt, that_count
from smjax.core.records.column import Column
from smjax.core.records.columns import METRICS
from smjax.core.records.record import Record
from smjax.report.compare.fields import asked, jaxlib_of, machine_of, weights_of
from smjax.report.data.figures_of_processes import Figure, figures_of
from smjax.report.data.natural import natural

Block = tuple[int, int]
"""Session of a sweep, and block in it: each session counts its blocks from 0."""


@dataclass(frozen=True)
class Process:
    """One that counts, with the figure that is compared."""

    record: Record
    value: float | None
    block: Block | None
    """None where the record does not say, as before schema 2."""
    run: int = 0
    """Which of its side's runs it is of."""
    alone_share: float | None = None
    by_state: Mapping[str, float] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict, repr=False)
    """What could be compared, by the column's name."""

    def by(self, name: str) -> Process:
        """The same with another figure."""
        found = self.figures.get(name)
        return self if found is None else replace(self, **vars(found))


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
    metric: Column = METRICS["decode_tok_per_s"]
    """Which figure that is."""

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
    return sorted(pairs, key=lambda pair: place_in_tables(pair.base[0].record))


def place_in_tables(record: Record) -> tuple[Any, ...]:
    """By what rows of tables are in order: model, or op, context and threads."""
    s = record.scenario
    points = [(point.op, natural(point.shape), point.cache) for point in s.points]
    return record.model.name or "", points, s.ctx, s.threads


def by_run(side: Sequence[Process]) -> list[list[float]]:
    """A side's figures in each of its runs that has one."""
    found = defaultdict[int, list[float]](list)
    for process in side:
        found[process.run] += known([process])
    return [values for _, values in sorted(found.items()) if values]


def known(processes: Iterable[Process]) -> list[float]:
    """The figures that there are."""
    return [process.value for process in processes if process.value is not None]


def processes_of(records: Sequence[Record], *metrics: str) -> list[Process]:
    """Those that count of all attempts, in the order of time, with their figures of these columns; of the first now."""
    return processes_of_each([records], *metrics)[0]


def processes_of_each(runs: Runs, *metrics: str) -> list[list[Process]]:
    """The same of several runs, all judged together: whether cores were shared is told by the best in any of them."""
    figures = iter(figures_of([record for records in runs for record in records], metrics))
    return [
        _that_count(records, list(itertools.islice(figures, len(records))), number)
        for number, records in enumerate(runs)
    ]


def _that_count(records: Sequence[Record], figures: Sequence[Mapping[str, Figure]], run: int) -> list[Process]:
    in_time = sorted(range(len(records)), key=lambda place: _when(records[place]))
    blocks = _blocks([records[place] for place in in_time])
    found = [
        Process(records[place], None, block, run, figures=figures[place]).by(next(iter(figures[place])))
        for place, block in zip(in_time, blocks, strict=True)
    ]
    counted = that_count(
        Attempt((row_key(one.record), one.record.replicate), one.record.attempt, one.record.ok, one.record.date)
        for one in found
    )
    return [process for place, process in enumerate(found) if place in counted]


def program_key(record: Record) -> Hashable:
    """Records that agree in it measured the same: one scenario, by the same code, on one machine."""
    wanted = {name: value for name, value in asked(record).items() if name != "label"}
    code = (record.model.hash, record.identity, record.smjax, jaxlib_of(record), record.provenance)
    return tuple(wanted.items()), code, record.host, machine_of(record)


def scenario_key(record: Record) -> Hashable:
    """Records that agree in it are of the same scenario."""
    s = record.scenario
    return weights_of(record), s.n_prompt, s.n_gen, s.ctx, s.threads, s.tokens_per_dispatch, s.points


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
