"""Which worker process runs next: randomised blocks, repeats of disturbed ones, and more where an interval is wide."""

from __future__ import annotations

import itertools
import random
import statistics
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from smjax.core.records.attempts import takes_the_place
from smjax.core.records.flags import DISTURBED
from smjax.core.records.record import Record
from smjax.core.records.resolved import Resolved
from smjax.core.records.scenario import Scenario
from smjax.stats import rates
from smjax.stats.intervals import half_width, interval

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
    decode_tok_per_s: float | None


def process_of(record: Record) -> Process:
    """The process that left a record."""
    n_gen = record.scenario.n_gen
    rate = rates.of_process(rates.decode_tok_per_s(n_gen, sample.decode_ns) for sample in record.samples)
    disturbed = DISTURBED.name in record.flags
    return Process(record.ok, disturbed, record.attempt, record.wall_ns / 1e9, rate if record.ok else None)


class Standing:
    """One scenario and its processes so far, by slot; of several attempts at one the last that was ok."""

    def __init__(self, resolved: Resolved, slots: Mapping[int, Process]) -> None:
        self.resolved, self.scenario = resolved, resolved.scenario
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
    def missing(self) -> int:
        """Processes that have to run still."""
        hopeless = self.failures >= _FAILURES and self.failures == len(self.slots)
        return 0 if hopeless else max(0, self.scenario.measure.replicates - len(self.slots))

    @property
    def failures(self) -> int:
        return sum(not process.ok for process in self.slots.values())

    @property
    def width(self) -> float | None:
        """Half-width of the 95 % interval of decode tok/s, as a share of it; None while there is none."""
        found = interval([p.decode_tok_per_s for p in self.slots.values() if p.decode_tok_per_s])
        return None if found is None else half_width(found)

    @property
    def excess(self) -> float:
        """How many times wider than its target the interval is, where more processes would narrow it; else 0."""
        enough = self.missing > 0 or self.scenario.measure.replicates < 2 or self.failures >= _FAILURES
        return 0.0 if enough or self.width is None else self.width / self.scenario.measure.target_ci

    @property
    def wall_s(self) -> float:
        """How long a process takes, by those so far."""
        return statistics.mean(process.wall_s for process in self.slots.values()) if self.slots else 0.0

    def next_run(self, block: int) -> Run:
        return Run(self.resolved, next(i for i in itertools.count() if i not in self.slots), 0, block)

    def again(self, replicate: int, block: int) -> Run:
        return Run(self.resolved, replicate, self.slots[replicate].attempt + 1, block)


class Plan:
    """The order of a sweep's processes; `finished` must be told of each before the next is asked for.

    The budget is of all its processes, those of earlier sessions too: a sweep that has spent it is over.
    """

    def __init__(
        self, standings: Sequence[Standing], *, seed: int, budget_s: float, retry_failed: bool = False
    ) -> None:
        self.standings = {standing.resolved: standing for standing in standings}
        self.ended = 0
        """Processes of this session."""
        self._random = random.Random(seed)
        self._budget_s = budget_s
        self._retry_failed = retry_failed

    def runs(self) -> Iterator[Run]:
        """Blocks of one process of each scenario that lacks some; then, within the budget, the widest first."""
        if self._retry_failed:
            yield from self._again(lambda process: not process.ok, block=0)
        for block in itertools.count():
            short = [standing for standing in self.standings.values() if standing.missing]
            self._random.shuffle(short)
            if not short and (widest := self._widest()):
                short = [widest]
            for standing in short:
                yield standing.next_run(block)
            again = yield from self._again(lambda process: process.disturbed and process.attempt == 0, block)
            if not short and not again:
                return

    def point(self, run: Run) -> int:
        """Which of the sweep's points it is of, in the order in which they were asked for."""
        return list(self.standings).index(run.resolved)

    def finished(self, run: Run, process: Process) -> None:
        """A run has ended so."""
        self.ended += 1
        self.standings[run.resolved].add(run.replicate, process)

    @property
    def total(self) -> int:
        """Processes of this session, those that have to run still included."""
        return self.ended + sum(standing.missing for standing in self.standings.values())

    @property
    def left_s(self) -> float | None:
        """How long those take that have to run still; None while nothing is known."""
        known = [standing.wall_s for standing in self.standings.values() if standing.slots]
        if not known:
            return None
        usual = statistics.mean(known)
        return sum(standing.missing * (standing.wall_s or usual) for standing in self.standings.values())

    @property
    def all_ok(self) -> bool:
        return all(not standing.failures for standing in self.standings.values())

    def _again(self, wanted: Callable[[Process], bool], block: int) -> Generator[Run, None, int]:
        """Repeats of the slots whose process is such, of those that were ok within the budget; returns how many."""
        count = 0
        for standing in self.standings.values():
            for replicate, process in list(standing.slots.items()):
                if wanted(process) and (not process.ok or self._fits(standing)):
                    count += 1
                    yield standing.again(replicate, block)
        return count

    def _widest(self) -> Standing | None:
        fitting = [standing for standing in self.standings.values() if self._fits(standing)]
        widest = max(fitting, key=lambda standing: standing.excess, default=None)
        return widest if widest is not None and widest.excess > 1 else None

    def _fits(self, standing: Standing) -> bool:
        """Whether another process of the scenario is expected to end within the budget."""
        spent_s = sum(standing.spent_s for standing in self.standings.values())
        return spent_s + standing.wall_s <= self._budget_s
