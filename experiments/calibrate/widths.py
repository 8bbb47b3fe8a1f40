"""How wide intervals of pairs are, made of blocks and made as if the sides knew nothing of each other."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from smjax.report.compare.pairing import by_blocks, processes_of
from smjax.stats.intervals import LEVEL, judge
from smjax.stats.ratios import paired, unpaired

from . import rebuilt
from .medians import METRIC, Medians, Process, Sweep

CORRELATED = 0.5


@dataclass(frozen=True)
class Width:
    """Of one pair: how far both intervals of the same processes reach, in logarithms, and how alike its sides are."""

    threads: int
    paired: float
    unpaired: float
    correlation: float
    """Of the logarithms of both sides, over blocks."""


def widths(medians: Medians) -> list[Width]:
    """Of each two scenarios of a sweep that have as many threads, as far as they have both intervals."""
    return [width for sweep in medians.sweeps for width in _of_sweep(medians, sweep)]


def relative(found: Sequence[Width]) -> float | None:
    """The mean paired width over the mean unpaired one."""
    return sum(one.paired for one in found) / sum(one.unpaired for one in found) if found else None


def _of_sweep(medians: Medians, sweep: Sweep) -> Iterator[Width]:
    points = defaultdict[int, list[int]](list)
    for threads, point in dict.fromkeys((process.threads, process.point) for process in sweep.processes):
        points[threads].append(point)
    for threads, alike in sorted(points.items()):
        for one, other in itertools.combinations(alike, 2):
            if width := _of_pair(medians, sweep, threads, one, other):
                yield width


def _of_pair(medians: Medians, sweep: Sweep, threads: int, one: int, other: int) -> Width | None:
    def side(point: int) -> list[Process]:
        return processes_of(rebuilt.records_of(medians, sweep, lambda p: p.point == point), METRIC)

    blocks = by_blocks(side(one), side(other))
    base, new = [ours for ours, _ in blocks], [theirs for _, theirs in blocks]
    together, apart = paired(base, new).estimate, unpaired(judge(base), judge(new)).estimate
    if together is None or apart is None:
        return None
    correlation = float(np.corrcoef(np.log(base), np.log(new))[0, 1])
    return Width(threads, together.reach(LEVEL), apart.reach(LEVEL), correlation)
