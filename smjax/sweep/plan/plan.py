"""Which worker process runs next: rounds of blocks, repeats of disturbed ones, and a second stage within the budget."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Iterator, Sequence

from smjax.sweep.plan.blocks import Block, Done, blocks_of
from smjax.sweep.plan.order import of_blocks
from smjax.sweep.plan.standing import Process, Run, Standing

Turn = list[tuple[Block, list[Standing]]]
"""What a round runs: of each block that takes part those scenarios that are behind, as a rule all."""
Slot = tuple[Standing, int]


class Plan:
    """The order of a sweep's processes; `finished` must be told of each before the next is asked for.

    The budget is of all its processes, those of earlier sessions too: a sweep that has spent it is over.
    """

    def __init__(
        self,
        standings: Sequence[Standing],
        *,
        seed: int,
        budget_s: float,
        first_round: int = 0,
        retry_failed: bool = False,
    ) -> None:
        self.seed = seed
        self.standings = {standing.resolved: standing for standing in standings}
        self.ended = 0
        """Processes of this session."""
        self._blocks = blocks_of(standings)
        self._budget_s = budget_s
        self._first_round = first_round
        self._retry_failed = retry_failed

    def runs(self) -> Iterator[Run]:
        """What earlier sessions left to be repeated; then round after round, each with the repeats that it needs."""
        left = [(standing, slot) for standing in self.standings.values() for slot in sorted(standing.slots)]
        yield from self._repeats(left, self._first_round, self._retry_failed)
        for round_ in itertools.count(self._first_round + bool(self.ended)):
            for block in self._blocks:
                block.decide()
            running = list(self._in_order(self._turn(self._done, self._spent_s), round_))
            if not running:
                return
            runs = [standing.next_run(round_) for standing in running]
            yield from runs
            slots = [(standing, run.replicate) for standing, run in zip(running, runs, strict=True)]
            yield from self._repeats(slots, round_)

    def point(self, run: Run) -> int:
        """Which of the sweep's points it is of, in the order in which they were asked for."""
        return list(self.standings).index(run.resolved)

    def order_in(self, run: Run) -> str:
        """What the order in which a process measures what it is asked for is drawn from: another one for each."""
        return f"{self.seed} {run.replicate} {run.attempt}"

    def finished(self, run: Run, process: Process) -> None:
        """A run has ended so."""
        self.ended += 1
        self.standings[run.resolved].add(run.replicate, process)

    @property
    def total(self) -> int:
        """Processes of this session, those included that will run still as far as that is known."""
        return self.ended + len(self._ahead())

    @property
    def most(self) -> int:
        """The same where every interval stays as wide as it can: what the rules of stopping allow, or the budget."""
        done = self._done
        open_ = sum(max(0, block.most - done[one]) for block in self._blocks for one in block.standings)
        fitting = int((self._budget_s - self._spent_s) / self._usual_s) if self._usual_s else open_
        return max(self.total, self.ended + min(open_, fitting))

    @property
    def left_s(self) -> float | None:
        """How long those take that will run still; None while nothing is known."""
        return sum(self._wall_s(standing) for standing in self._ahead()) if self._usual_s else None

    @property
    def all_ok(self) -> bool:
        return all(standing.all_whole for standing in self.standings.values())

    def _turn(self, done: Done, spent_s: float) -> Turn:
        """What the next round runs: all that lack their least number, else whole blocks within the budget.

        Of these come first those that are furthest from what they need. Empty where there is nothing left to do.
        """
        due = [(block, running) for block in self._blocks if (running := block.due(done))]
        if due or not self._usual_s:
            return due
        worth = [(block, running) for block in self._blocks if (running := block.extra(done))]
        fitting: Turn = []
        for block, running in sorted(worth, key=lambda one: done[one[1][0]] / one[0].goal):
            wall_s = sum(map(self._wall_s, running))
            if spent_s + wall_s <= self._budget_s:
                spent_s += wall_s
                fitting.append((block, running))
        return fitting

    def _in_order(self, turn: Turn, round_: int) -> Iterator[Standing]:
        for block, running in of_blocks(turn, self.seed, round_):
            yield from block.in_order(running, self.seed)

    def _repeats(self, slots: Iterable[Slot], round_: int, retry_failed: bool = False) -> Iterator[Run]:
        """Once more what was disturbed, within what the budget leaves to it; and, where that is asked, what failed."""
        for standing, slot in slots:
            process = standing.slots[slot]
            was_disturbed = process.disturbed and process.attempt == 0
            fits = self._spent_s + self._due_s + standing.wall_s <= self._budget_s
            if (was_disturbed and fits) or (retry_failed and not process.is_whole):
                yield standing.again(slot, round_)

    def _ahead(self) -> list[Standing]:
        """The scenario of each process that will run still, as far as that is decided."""
        done, spent_s = dict(self._done), self._spent_s
        found: list[Standing] = []
        while turn := self._turn(done, spent_s):
            for standing in itertools.chain.from_iterable(running for _, running in turn):
                found.append(standing)
                done[standing] += 1
                spent_s += self._wall_s(standing)
        return found

    @property
    def _done(self) -> Done:
        return {standing: len(standing.slots) for standing in self.standings.values()}

    @property
    def _spent_s(self) -> float:
        return sum(standing.spent_s for standing in self.standings.values())

    @property
    def _due_s(self) -> float:
        """How long those take that must run still, whatever the budget."""
        return sum(self._wall_s(one) * max(0, one.least - len(one.slots)) for one in self.standings.values())

    @property
    def _usual_s(self) -> float:
        """How long a process of this sweep takes; 0 while nothing is known."""
        return statistics.mean([one.wall_s for one in self.standings.values() if one.slots] or [0.0])

    def _wall_s(self, standing: Standing) -> float:
        return standing.wall_s or self._usual_s
