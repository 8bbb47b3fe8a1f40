"""Where one scenario of a sweep stands: its processes so far, how many it must have, and how many are worth having."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

from smjax.core.records.alike import POINT
from smjax.core.records.attempts import takes_the_place
from smjax.core.records.flags import DISTURBED
from smjax.core.records.record import Record
from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Scenario
from smjax.stats.intervals import Interval, judge
from smjax.stats.stopping import first_stage, needed, size_of_first
from smjax.sweep.plan.figure import figure_of

_FAILURES = 2
"""A scenario that has failed as often gets no more processes than it has to; if it never succeeded, none at all."""


@dataclass(frozen=True)
class Run:
    """One worker process to be."""

    resolved: Resolved
    replicate: int
    """Slot among the processes of the scenario."""
    attempt: int = 0
    """How often the slot was tried before."""
    block: int = 0
    """Round of the sweep in which it runs."""

    @property
    def scenario(self) -> Scenario:
        return self.resolved.scenario


@dataclass(frozen=True)
class Process:
    """What a plan needs to know of a worker that has ended."""

    ok: bool
    disturbed: bool
    attempt: int
    wall_s: float
    rate: float | None
    """See `smjax.sweep.plan.figure`."""
    points_failed: int = 0
    """Of what it measured those that failed by themselves, while the others are as good as ever."""

    @property
    def is_whole(self) -> bool:
        return self.ok and not self.points_failed


def process_of(record: Record) -> Process:
    """The process that left a record."""
    failed = sum(point.status != "ok" for point in record.points)
    disturbed = DISTURBED.name in record.flags
    return Process(record.ok, disturbed, record.attempt, record.wall_ns / 1e9, figure_of(record), failed)


class Standing:
    """One scenario and its processes so far, by slot; of several attempts at one the last that was ok."""

    def __init__(self, resolved: Resolved, slots: Mapping[int, Process], model_hash: str = "") -> None:
        self.resolved, self.scenario = resolved, resolved.scenario
        point = (getattr(self.scenario, name) for name in POINT)
        self.same: Hashable = (model_hash, *point, self.scenario.tokens_per_dispatch)
        """Equal in what is the same scenario to a comparison, and so runs side by side with this one."""
        self.slots: dict[int, Process] = {}
        self.spent_s = 0.0
        """Time that all attempts took."""
        for replicate, process in slots.items():
            self.add(replicate, process)

    def add(self, replicate: int, process: Process) -> None:
        self.spent_s += process.wall_s
        before = self.slots.get(replicate)
        if before is not None and not takes_the_place(before.ok, process.ok):
            process = replace(before, attempt=process.attempt)
        self.slots[replicate] = process

    @property
    def failures(self) -> int:
        return sum(not process.ok for process in self.slots.values())

    @property
    def all_whole(self) -> bool:
        return all(process.is_whole for process in self.slots.values())

    @property
    def least(self) -> int:
        """Processes that it must have, whatever the budget."""
        is_hopeless = self.failures >= _FAILURES and self.failures == len(self.slots)
        return 0 if is_hopeless else self.scenario.measure.replicates

    @property
    def first(self) -> int:
        """Processes of the first stage, by which it is decided how many more there are to be."""
        return size_of_first(self.scenario.measure.replicates)

    @property
    def may_have_more(self) -> bool:
        """Whether more than the least number would say more."""
        return self.first > 1 and self.failures < _FAILURES

    @property
    def wanted(self) -> int:
        """How many processes there should be, by the first stage alone; what failed in it is made up for."""
        told = self.rates(self.first)
        return self.first + needed(told, self.scenario.measure.target_ci) - len(told)

    @property
    def interval(self) -> Interval:
        """Of its rate, so far."""
        measure = self.scenario.measure
        first = first_stage(measure.replicates, len(self.slots))
        return judge(self.rates(), first=first and len(self.rates(first)), target=measure.target_ci)

    def rates(self, n_slots: int | None = None) -> list[float]:
        """Rates of the processes that have one, in the order of slots; of the first so many only."""
        by_slot = (self.slots[slot] for slot in sorted(self.slots) if n_slots is None or slot < n_slots)
        return [process.rate for process in by_slot if process.rate]

    @property
    def wall_s(self) -> float:
        """How long a process takes, by those so far."""
        return statistics.mean(process.wall_s for process in self.slots.values()) if self.slots else 0.0

    def next_run(self, block: int) -> Run:
        return Run(self.resolved, next(i for i in itertools.count() if i not in self.slots), 0, block)

    def again(self, replicate: int, block: int) -> Run:
        return Run(self.resolved, replicate, self.slots[replicate].attempt + 1, block)
