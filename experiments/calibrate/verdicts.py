"""What `smjax compare` says of the pairs of a calibration: of runs with the others as history, and within sweeps."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from smjax.core.records.columns import METRICS
from smjax.core.records.record import Record
from smjax.report.compare.between import Sides, between_runs
from smjax.report.compare.comparison import Comparison, Question
from smjax.report.compare.earlier import Earlier, Run
from smjax.report.compare.spread import History
from smjax.report.compare.within import within_sweep
from smjax.stats.runs import BetweenRuns
from smjax.stats.verdicts import Verdict

from . import rebuilt
from .medians import METRIC, Medians, Process, Sweep
from .sweeps import BETWEEN, INTERLEAVED

QUESTION = Question((METRICS[METRIC],), within=0.02)


@dataclass(frozen=True)
class Tally:
    """How often which verdict was given."""

    comparisons: Sequence[Comparison]

    def __len__(self) -> int:
        return len(self.comparisons)

    def of(self, *verdicts: Verdict) -> int:
        return sum(one.verdict in verdicts for one in self.comparisons)

    def share(self, *verdicts: Verdict) -> float | None:
        """None of no pair at all."""
        return self.of(*verdicts) / len(self) if len(self) else None

    @property
    def without_interval(self) -> int:
        return sum(one.bounds is None for one in self.comparisons)

    @property
    def assumed(self) -> int:
        """Where the spread between runs was not measured."""
        return sum("assumed" in said for one in self.comparisons for said in one.spread)

    @property
    def detectable(self) -> float | None:
        """The middle one."""
        known = [one.detectable for one in self.comparisons if one.detectable is not None]
        return statistics.median(known) if known else None


@dataclass(frozen=True)
class Pairs:
    """The same twice, and the same beside itself slowed down."""

    same: Tally
    slowed: Tally


Judged = tuple[Pairs, BetweenRuns | None]


def between(medians: Medians, threads: int) -> Judged:
    """Each pair of sweeps with all others as history; and how far sweeps lie apart by all of them."""
    sweeps = [_Sides.of(medians, sweep, threads) for sweep in medians.of_kind(BETWEEN)]
    numbers = range(len(sweeps))
    same = [
        one for base, new in itertools.combinations(numbers, 2) for one in _across(sweeps, base, new, sweeps[new].usual)
    ]
    slowed = [
        one
        for base, new in itertools.permutations(numbers, 2)
        for one in _across(sweeps, base, new, sweeps[new].slowed)
    ]
    spread = (
        History(_earlier(sweeps), [], [METRIC]).spread(sweeps[0].usual[0], METRIC)
        if sweeps and sweeps[0].usual
        else None
    )
    return Pairs(Tally(same), Tally(slowed)), spread


def interleaved(medians: Medians) -> Pairs:
    """Each pair within its sweep, alone in its table."""
    same, slowed = list[Comparison](), list[Comparison]()
    for sweep in medians.of_kind(INTERLEAVED):
        for handicap in _values(sweep, "handicap"):
            same += _within(medians, sweep, "label", "handicap", handicap)
        for label in _values(sweep, "label"):
            slowed += _within(medians, sweep, "measure.handicap", "label", label)
    return Pairs(Tally(same), Tally(slowed))


@dataclass(frozen=True)
class _Sides:
    usual: list[Record]
    slowed: list[Record]

    @classmethod
    def of(cls, medians: Medians, sweep: Sweep, threads: int) -> _Sides:
        def side(is_slowed: bool) -> list[Record]:
            return rebuilt.records_of(medians, sweep, lambda p: p.threads == threads and bool(p.handicap) == is_slowed)

        return cls(side(False), side(True))


def _across(sweeps: Sequence[_Sides], base: int, new: int, records: Sequence[Record]) -> list[Comparison]:
    """Records of the sweep `new` beside those of `base`."""
    others = [sweep for number, sweep in enumerate(sweeps) if number not in (base, new)]
    return between_runs(Sides([sweeps[base].usual], [records], _earlier(others)), QUESTION)[0]


def _earlier(sweeps: Sequence[_Sides]) -> Earlier:
    where = Path("the other sweeps")
    return Earlier(where, [Run(where, sweep.usual) for sweep in sweeps])


def _within(medians: Medians, sweep: Sweep, axis: str, alike: str, value: object) -> list[Comparison]:
    def is_wanted(process: Process) -> bool:
        return bool(getattr(process, alike) == value)

    return within_sweep(rebuilt.records_of(medians, sweep, is_wanted), axis, None, QUESTION)[0]


def _values(sweep: Sweep, name: str) -> list[object]:
    return list(dict.fromkeys(getattr(process, name) for process in sweep.processes))
