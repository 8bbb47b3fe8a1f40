"""What intervals promise, on blocks that share a slow-down."""

from __future__ import annotations

import dataclasses
import random
from statistics import mean

import pytest

from smjax.report.compare.comparison import compare
from smjax.report.compare.pairing import Pair, Process
from tests.report.compare.sweeps import DECODE
from tests.report.factory import placed, read, record

NEW, BASE = (read([placed(record(label=label), 0)])[0] for label in ("new", "base"))
NOISE = 0.015


def table(
    seed: int, effect: float = 1.0, rows: int = 4, blocks: int = 8, shared: float = 0.02, noise: float = NOISE
) -> list[Pair]:
    """Rows of two sides that differ by an effect, each block slowed down for both."""
    generator = random.Random(seed)
    pairs = []
    for _ in range(rows):
        slow = [generator.lognormvariate(0, shared) for _ in range(blocks)]
        base, new = (
            [
                Process(record, 100 * factor * slow[block] * generator.lognormvariate(0, noise), (0, block))
                for block in range(blocks)
            ]
            for record, factor in ((BASE, 1.0), (NEW, effect))
        )
        pairs.append(Pair(base, new, "label"))
    return pairs


def compared(pairs: list[Pair]):
    return compare(pairs, [None] * len(pairs), DECODE)


@pytest.mark.slow
def test_of_tables_of_the_same_at_most_7_percent_call_anything_faster_or_slower():
    alarms = sum(any(row.verdict in ("faster", "slower") for row in compared(table(seed))) for seed in range(300))
    assert alarms <= 21


@pytest.mark.slow
@pytest.mark.parametrize("noise", [NOISE, 0.004])
def test_an_effect_of_what_is_detectable_is_found_9_times_in_10(noise):
    """By the verdict, also where so little is detectable that it lies within what makes no difference."""
    found = []
    for seed in range(300):
        (row,) = compared(table(seed, rows=1, noise=noise))
        if row.detectable is not None:
            (moved,) = compared(table(seed, 1 + row.detectable, rows=1, noise=noise))
            found.append(moved.verdict == "faster")
    assert len(found) > 250
    assert 0.86 <= mean(found) <= 0.94


@pytest.mark.parametrize("shared", [0.02, 0.05])
def test_paired_intervals_are_narrower_where_blocks_share_what_slows_them(shared):
    """Correlations of 0.64 and 0.92 between the sides of a block."""
    widths = {"paired": [], "unpaired": []}
    for seed in range(20):
        pairs = table(seed, rows=1, blocks=12, shared=shared)
        apart = [
            dataclasses.replace(
                pair,
                base=[dataclasses.replace(process, block=None) for process in pair.base],
                new=[dataclasses.replace(process, block=None) for process in pair.new],
            )
            for pair in pairs
        ]
        both = {"paired": compared(pairs)[0].bounds, "unpaired": compared(apart)[0].bounds}
        if all(both.values()):
            for name, bounds in both.items():
                widths[name].append(bounds.hi - bounds.lo)
    assert len(widths["paired"]) > 10
    assert mean(widths["paired"]) <= 0.75 * mean(widths["unpaired"])
