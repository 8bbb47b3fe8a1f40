"""What is simulated many at once is what `smjax.stats` says of each."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from experiments.simulation import bars, pairs, rows
from experiments.simulation.regimes import REGIMES, STRAGGLERS, Regime, drift, normal, serial, two_speeds
from experiments.simulation.rows import Rule
from experiments.simulation.sums import SIZES as SUMS
from experiments.simulation.sums import sums
from smjax.stats.intervals import judge
from smjax.stats.location import Estimate
from smjax.stats.ratios import paired
from smjax.stats.stopping import needed

DRAWS = 40


def logs_of(regime: Regime, draws: int = DRAWS, n: int = 30) -> rows.Array:
    return regime.draw(np.random.default_rng(3), draws, n)


@pytest.mark.parametrize("n", [5, 8, 14])
@pytest.mark.parametrize(
    "regime", [normal(0.02), two_speeds(0.15, 0.03), serial(0.6), drift(0.01)], ids=lambda regime: regime.name
)
def test_rows_of_a_fixed_number_are_judged_as_each_one_is(regime: Regime, n: int) -> None:
    logs = logs_of(regime)[:, :n]
    found = rows.fixed(regime, logs)
    judged = [judge(list(np.exp(row))) for row in logs]
    assert list(found.none) == [one.lo is None for one in judged]
    for reach, one in zip(found.reach, judged, strict=True):
        if one.half_width is not None:
            assert math.expm1(reach) == pytest.approx(one.half_width)


@pytest.mark.parametrize("rule", [Rule(8, 0.02, 30), Rule(8, 0.02, 12), Rule(12, 0.01, 30), Rule(5, 0.02, 30)], ids=str)
@pytest.mark.parametrize("regime", [normal(0.03), STRAGGLERS[1], drift(0.01)], ids=lambda regime: regime.name)
def test_rows_in_two_stages_are_judged_as_each_one_is(regime: Regime, rule: Rule) -> None:
    logs = logs_of(regime)
    sizes = [needed(list(np.exp(row[: rule.first])), rule.target, rule.most) for row in logs]
    assert list(rows.needed(logs[:, : rule.first], rule)) == sizes
    judged = [
        judge(list(np.exp(row[:n])), first=rule.first, target=rule.target) for row, n in zip(logs, sizes, strict=True)
    ]
    found = rows.stopped(regime, logs, rule)
    assert sorted(found.sizes) == sorted(sizes)
    assert found.none.sum() == sum(one.lo is None for one in judged)
    widths = sorted(one.half_width for one in judged if one.half_width is not None)
    assert sorted(np.expm1(found.reach[~found.none])) == pytest.approx(widths)
    missed = [
        one for one, n in zip(judged, sizes, strict=True) if one.lo and not holds(one.lo, one.hi, regime.truth(n))
    ]
    assert found.misses.sum() == len(missed)


def holds(lo: float, hi: float | None, truth: float) -> bool:
    return hi is not None and math.log(lo) <= truth <= math.log(hi)


def test_the_summary_is_of_what_is_printed() -> None:
    found = rows.Rows(
        sizes=np.array([8, 8, 12, 12]),
        none=np.array([False, False, False, True]),
        misses=np.array([True, False, False, False]),
        reach=np.log1p([0.01, 0.02, 0.03, 9]),
        student=np.log1p([0.02, 0.02, 0.02, 9]),
    ).summary(12)
    assert (found.processes, found.none, found.misses, found.early) == (10, 0.25, 0.25, 0.5)
    assert (found.early_held, found.width, found.over_students) == pytest.approx((0.5, 0.02, 1))


@pytest.mark.parametrize("regime", REGIMES, ids=lambda regime: regime.name)
def test_a_regime_is_as_it_says(regime: Regime) -> None:
    logs = logs_of(regime, draws=4_000, n=12)
    below = (logs < regime.truth(12) - 0.002).mean(), (logs < regime.truth(12) + 0.002).mean()
    assert below[0] < 0.51  # between two speeds there is next to nothing, and the median is in the middle
    assert below[1] > 0.49
    trend = np.array([regime.truth(2 * n + 1) for n in range(12)])  # the window's mean is where its middle is
    assert (logs - trend).std() == pytest.approx(regime.spread, rel=0.05)


def test_a_bar_is_kept_in_the_worst_case_or_not_at_all() -> None:
    cases = [("here", 0.04), ("there", 0.08)]
    assert (bars.most("misses", 0.07, cases).worst, bars.most("misses", 0.07, cases).kept) == (("there", 0.08), False)
    assert (bars.least("held", 0.03, cases).worst, bars.least("held", 0.03, cases).kept) == (("here", 0.04), True)


def test_a_limit_counts_from_as_many_processes_as_it_is_for() -> None:
    def summary(misses: float) -> rows.Summary:
        return rows.Summary(8, 0, misses, 0.5, 0.95, 0.02, 1)

    fixed = {(regime.name, n): summary(0.3 if n < regime.least else 0.05) for regime in REGIMES for n in (7, 8, 30)}
    stopped = {(regime.name, Rule(8, 0.02, 30)): summary(0.3 if regime.least > 8 else 0.06) for regime in REGIMES}
    misses, in_stages, *_ = bars.of_rows(fixed, stopped)
    assert (misses.worst[1], in_stages.worst[1]) == (0.05, 0.06)


def test_a_pair_is_found_where_its_interval_leaves_out_one() -> None:
    steady = Estimate(0.0, 0.01, 1e9)  # ± 1.96 %, and detectable 1.96 + 1.28 %
    found = pairs.found("", [steady, Estimate(0.03, 0.01, 1e9)])
    assert (found.same, found.own) == (0.5, 1)


def test_pairs_have_as_many_blocks_as_the_side_asks_for_that_needs_more() -> None:
    *_, (name, rule, found) = itertools.islice(pairs.in_stages(DRAWS, 3), 5)
    assert name == "spread 3 %, correlation 0"
    rng = np.random.default_rng(3)
    for _ in range(5):
        block = rng.standard_normal((DRAWS, 1, rule.most))
        sides = 0 * block + 0.03 * rng.standard_normal((DRAWS, 2, rule.most))
    both = np.exp(sides)
    sizes = [max(needed(list(side[: rule.first]), rule.target) for side in pair) for pair in both]
    judged = [paired(*(list(side[:n]) for side in pair)) for pair, n in zip(both, sizes, strict=True)]
    assert found.processes == np.mean(sizes)
    assert found.none == np.mean([one.lo is None for one in judged])
    assert found.misses == np.mean([one.lo is not None and not holds(one.lo, one.hi, 0) for one in judged])


@pytest.mark.slow
def test_blocks_that_slow_both_sides_are_not_in_a_paired_interval() -> None:
    (*_, widths, _) = pairs.widths(60, 1, (0.0, 0.8))
    assert widths.blocks == 12
    assert widths.by_correlation[0.8] < 0.6 < 0.9 < widths.by_correlation[0.0]


@pytest.mark.slow
def test_what_one_gets_is_held_where_processes_are_alike_and_less_often_where_some_are_far_slower() -> None:
    alike, *_, some_slower = sums(DRAWS * 5, seed=3)
    assert max(alike.missed) < 0.1 < some_slower.missed[SUMS.index(8)]
    assert alike.none[SUMS.index(4)] == 0
