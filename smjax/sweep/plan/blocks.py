"""What runs side by side: the scenarios of a sweep that a comparison would hold against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smjax.stats.stopping import MOST
from smjax.sweep.plan.order import within_block
from smjax.sweep.plan.standing import Standing

Done = Mapping[Standing, int]
"""How many processes each scenario has."""


class Block:
    """Scenarios that differ only in what is compared, and of which each round runs one process.

    One that is behind the others (a sweep was stopped between them, or asks for it only now) catches up alone.
    """

    def __init__(self, standings: Sequence[Standing]) -> None:
        self.standings = standings
        self._wanted: int | None = None

    def due(self, done: Done) -> list[Standing]:
        """Those that have to run next, for the least number of processes."""
        return _furthest_behind([one for one in self.standings if done[one] < one.least], done)

    def extra(self, done: Done) -> list[Standing]:
        """Those that run next where there is time: the rest of the first stage, and then as many as that asked for."""
        behind = _furthest_behind(self._open, done)
        return behind if behind and done[behind[0]] < self.goal else []

    @property
    def goal(self) -> int:
        """How many processes each should have, by what is known: what the one that needs most asks for."""
        return self._wanted or max((one.first for one in self._open), default=0)

    @property
    def most(self) -> int:
        """How many processes each has in the end, at most: what was decided, or all that may be."""
        return self._wanted or (MOST if self._open else 0)

    def decide(self) -> None:
        """Once all have the first stage behind them, and then never again: how many processes there are to be."""
        if self._wanted is None and self._open and all(len(one.slots) >= one.first for one in self._open):
            self._wanted = max(one.wanted for one in self._open)

    def in_order(self, running: Sequence[Standing], seed: int) -> list[Standing]:
        """Those that run in a round, in the order that balances this block's rounds."""
        turn = len(running[0].slots)
        places = within_block(len(self.standings), seed, str(self.standings[0].same), turn)
        return [self.standings[place] for place in places if self.standings[place] in running]

    @property
    def _open(self) -> list[Standing]:
        """Those of which more than the least number are worth having."""
        return [one for one in self.standings if one.may_have_more]


def blocks_of(standings: Sequence[Standing]) -> list[Block]:
    """The blocks of a sweep, in the order in which their first scenario was asked for."""
    alike: dict[object, list[Standing]] = {}
    for standing in standings:
        alike.setdefault(standing.same, []).append(standing)
    return [Block(members) for members in alike.values()]


def _furthest_behind(standings: Sequence[Standing], done: Done) -> list[Standing]:
    """Those with the fewest processes."""
    least = min((done[one] for one in standings), default=0)
    return [one for one in standings if done[one] == least]
