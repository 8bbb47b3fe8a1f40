"""Ratios: paired, independent and between runs; what they could have found, and what would decide them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from smjax.stats.intervals import judge
from smjax.stats.location import Estimate, estimate, locate, quantile_t
from smjax.stats.ratios import Ratio, detectable, more_blocks, more_runs, of_estimate, paired, unpaired
from smjax.stats.runs import BetweenRuns, assumed, between, measured, over_runs

BASE = [7210.0, 7234, 7151, 7317, 7313, 7277, 7114, 7212]
NEW = [6910.0, 6834, 6951, 6917, 6813, 6877, 6914, 6812]
TWO_SPEEDS = [5000.0, 5010, 5020, 7000, 7010, 7020, 7005, 7008]


def test_independent_sides_are_welchs_of_their_estimates():
    found = unpaired(judge(BASE), judge(NEW))
    difference = estimate(np.log(NEW)).minus(estimate(np.log(BASE)))
    assert found.ratio == pytest.approx(math.exp(difference.centre))
    assert (found.lo, found.hi) == pytest.approx(difference.at(difference.reach(0.95)))
    assert found.lo < found.ratio < found.hi < 1
    assert found.reason == ""


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_of_few_it_is_welchs_on_logarithms(level):
    found = unpaired(judge(BASE[:5], level), judge(NEW[:4], level), level)
    bounds = stats.ttest_ind(np.log(NEW[:4]), np.log(BASE[:5]), equal_var=False).confidence_interval(level)
    assert (found.lo, found.hi) == pytest.approx(tuple(np.exp(bounds)), rel=1e-12)


def test_the_other_way_round_is_the_inverse():
    there, back = unpaired(judge(BASE), judge(NEW)), unpaired(judge(NEW), judge(BASE))
    assert (there.ratio, there.lo, there.hi) == pytest.approx((1 / back.ratio, 1 / back.hi, 1 / back.lo))


def test_identical_values_give_a_ratio_without_width():
    found = unpaired(judge([1.5] * 2), judge([3.0] * 3))
    assert (found.ratio, found.lo, found.hi) == pytest.approx((2, 2, 2), rel=1e-15)
    one_sided = unpaired(judge(BASE[:5]), judge([3.0] * 3))
    assert one_sided.lo < one_sided.ratio < one_sided.hi


def test_a_side_without_an_interval_leaves_none_and_says_whose_fault_it_is():
    found = unpaired(judge(BASE), judge(TWO_SPEEDS))
    assert (found.ratio, found.lo, found.hi, found.detectable, found.estimate) == (None,) * 5
    assert found.reason == "new: two speeds: 38 % of processes at 5.0k, the rest at 7.0k"
    assert unpaired(judge([5.0]), judge(NEW)).reason == "base: one process"
    assert unpaired(judge(BASE[:4]), judge(NEW)).reason == "modes not testable"


def test_what_slows_a_block_cancels():
    blocks = np.array([1, 0.7, 0.72, 1, 1.01, 0.98, 0.71, 1.0])
    found, calm = paired(BASE * blocks, NEW * blocks), paired(BASE, NEW)
    assert (found.ratio, found.lo, found.hi) == pytest.approx((calm.ratio, calm.lo, calm.hi))
    loud = unpaired(judge(BASE * blocks), judge(NEW * blocks))
    assert loud.estimate is None or loud.estimate.error > 5 * found.estimate.error


def test_pairs_are_students_of_the_logarithms_of_few_blocks():
    found = paired(BASE[:5], NEW[:5])
    bounds = stats.ttest_rel(np.log(NEW[:5]), np.log(BASE[:5])).confidence_interval()
    assert (found.lo, found.hi) == pytest.approx(tuple(np.exp(bounds)))
    assert found.reason == "modes not testable"


def test_blocks_that_lack_a_side_do_not_count():
    assert paired([*BASE, 7000.0, math.nan], [*NEW, math.nan, 7000.0]) == paired(BASE, NEW)
    assert paired([7000.0, math.nan], [7000.0, 7000.0]).reason == "one block"


def test_two_speeds_of_one_side_are_two_of_the_ratio():
    found = paired(BASE, TWO_SPEEDS)
    assert found.ratio is None
    assert found.reason.startswith("two speeds: 38 % of blocks at 0.6")


def test_a_higher_level_reaches_further_and_detects_less():
    one, twenty = paired(BASE, NEW), paired(BASE, NEW, 1 - 0.05 / 20)
    assert twenty.lo < one.lo
    assert one.hi < twenty.hi
    assert one.detectable < twenty.detectable


def found_shares(estimates, level=0.95):
    """How often an effect as large as each one's own `detectable` is found, and how often one of nothing is."""
    effects = [0.0] * len(estimates), [math.log1p(detectable(found, level)) for found in estimates]
    pairs = (zip(estimates, some, strict=True) for some in effects)
    return [np.mean([abs(found.centre + effect) > found.reach(level) for found, effect in some]) for some in pairs]


def normal(n, draws=2_000):
    return 0.02 * np.random.default_rng(n).standard_normal((draws, n))


def estimates(logs):
    centres, errors, degrees = locate(logs)
    return [Estimate(float(centre), float(error), degrees) for centre, error in zip(centres, errors, strict=True)]


@pytest.mark.parametrize("n", [5, 8, 20])
@pytest.mark.parametrize("level", [0.95, 0.995])
def test_what_is_detectable_is_found_nine_times_in_ten(n, level):
    pairs = [new.minus(base) for new, base in zip(estimates(normal(n)), estimates(normal(n)[::-1]), strict=True)]
    for found in (estimates(normal(n)), pairs):
        nothing, something = found_shares(found, level)
        assert 0.88 <= something <= 0.92
        assert nothing <= 1 - level + 0.012


@pytest.mark.parametrize("rows", [5_000, 10**6, 10**15])
def test_two_processes_have_no_ratio_at_the_level_of_too_many_rows(rows):
    level = 1 - 0.05 / rows
    why = f"too few for an interval of {100 * level:.6g} %"
    assert paired(BASE[:2], NEW[:2], level) == Ratio(None, None, None, None, why)
    both = [judge(side[:2], level) for side in (BASE, NEW)]
    assert unpaired(*both, level) == Ratio(None, None, None, None, f"base: {why}; new: {why}")


def test_nor_has_a_difference_that_reaches_further_than_its_sides():
    found = of_estimate(Estimate(0.0, 1.0, 1), 1 - 0.05 / 20)
    assert found == Ratio(None, None, None, None, "too few for an interval of 99.75 %")
    assert of_estimate(Estimate(0.0, 0.1, 1), 1 - 0.05 / 20).ratio == 1


def test_detectable_is_the_sum_of_two_quantiles():
    assert detectable(Estimate(0.5, 0.01, 10)) == pytest.approx(
        math.expm1(0.01 * (stats.t.ppf(0.975, 10) + stats.t.ppf(0.9, 10)))
    )
    assert detectable(Estimate(0.5, 0.0, 10)) == 0
    assert detectable(Estimate(0.5, 0.0, 10), within=0.02) == pytest.approx(0.02), "less is called the same"
    assert detectable(Estimate(0.5, 0.01, 10), within=0.02) == detectable(Estimate(0.5, 0.01, 10))
    assert of_estimate(Estimate(0.0, 0.01, 10)).detectable == detectable(Estimate(0.0, 0.01, 10))


def test_more_blocks_until_the_interval_leaves_out_one():
    found = Estimate(0.02, 0.015, 6.0)
    count = more_blocks(found, 8, within=0.0)
    reaches = [quantile_t(0.975, 6 * n / 8) * 0.015 * math.sqrt(8 / n) for n in (8 + count, 7 + count)]
    assert reaches[0] < 0.02 <= reaches[1]


def test_more_blocks_until_the_interval_lies_within():
    found = Estimate(0.001, 0.015, 6.0)
    count = more_blocks(found, 8, within=0.02)
    reaches = [quantile_t(0.975, 6 * n / 8) * 0.015 * math.sqrt(8 / n) for n in (8 + count, 7 + count)]
    assert 0.001 + reaches[0] <= math.log1p(0.02) < 0.001 + reaches[1]


def test_more_runs_until_the_interval_over_runs_leaves_out_one():
    """A side of one run that varies by 2 %, and one of three that vary by 1 %."""
    count = more_runs(0.03, ((1, 4e-4), (3, 1e-4)), within=0.0)

    def reach(more):
        return (
            Estimate(0, math.sqrt(4e-4 / (1 + more)), more)
            .minus(Estimate(0, math.sqrt(1e-4 / (3 + more)), 2 + more))
            .reach(0.95)
        )

    assert reach(count) < 0.03 <= reach(count - 1)
    assert more_runs(0.0, ((1, 4e-4), (1, 4e-4)), within=0.02) > count
    assert more_runs(0.0, ((1, 4e-4), (1, 4e-4)), within=0.0) is None


def test_what_is_decided_needs_none_and_no_difference_at_all_cannot_be_decided():
    assert more_blocks(Estimate(0.1, 0.01, 6.0), 8, within=0.02) == 0
    assert more_blocks(Estimate(0.0, 0.02, 6.0), 8, within=0.0) is None


def test_runs_spread_is_pooled_within_groups_and_less_their_own_errors():
    groups = [[Estimate(c, 0.003, 5) for c in centres] for centres in ([1.0, 1.01, 1.02], [5, 5.02], [7, 7.01], [9.0])]
    found = measured(groups)
    assert found.degrees == 4
    assert found.total == pytest.approx((0.0002 + 0.0002 + 0.00005) / 4)
    assert found.deviation == pytest.approx(math.sqrt(found.total - 0.003**2))
    assert not found.assumed
    assert measured(groups[:2]) is None
    assert measured([[Estimate(1.0, 0.1, 5)] * 6]).deviation == 0


def test_runs_spread_is_in_the_interval_of_each_side():
    one, other = Estimate(0.05, 0.004, 10.0), Estimate(0.0, 0.003, 12.0)
    shared, own = BetweenRuns(1e-4, 2e-5, 6.0), BetweenRuns(3e-4, 0.0, 9.0)
    found = between(one, other, (shared, shared))
    assert (found.error**2, found.degrees) == pytest.approx((2e-4, 6))  # no less sure than the earlier runs were
    apart, loud = between(one, other, (shared, own)), one.minus(other)
    assert apart.error**2 == pytest.approx(1e-4 + 3e-4 + 5e-6)
    assert apart.degrees == pytest.approx(4.05e-4**2 / (1e-8 / 6 + 9e-8 / 9 + 25e-12 / loud.degrees))
    calm = BetweenRuns(1e-6, 2e-5, 6.0)
    assert between(one, other, (calm, calm)) == loud
    assert between(one, other, (None, None)) == one.minus(other)
    assert between(one, other, (assumed(0.03),) * 2).error ** 2 == pytest.approx(2.5e-5 + 2 * math.log1p(0.03) ** 2)


def test_a_difference_between_runs_is_judged_by_how_runs_differ():
    spread = assumed(0.03)
    alone, told = unpaired(judge(BASE), judge(NEW)), unpaired(judge(BASE), judge(NEW), runs=(spread, spread))
    assert alone.hi < 1 < told.hi
    assert told.detectable > 0.09 > alone.detectable
    assert told.ratio == alone.ratio


def test_several_runs_have_the_run_as_their_unit():
    found = over_runs([Estimate(c, 0.5, 3) for c in (1.0, 1.01, 1.05)])
    bounds = stats.t.interval(0.95, 2, np.mean([1, 1.01, 1.05]), stats.sem([1, 1.01, 1.05]))
    assert (found.centre - found.reach(0.95), found.centre + found.reach(0.95)) == pytest.approx(bounds)


@pytest.mark.parametrize("history", [5, 10])
def test_runs_of_the_same_thing_are_rarely_called_different(history):
    rng = np.random.default_rng(history)
    logs = 0.02 * rng.standard_normal((600, history + 2, 8)) + 0.01 * rng.standard_normal((600, history + 2, 1))
    told, alone = [], []
    for one, other, *earlier in map(estimates, logs):
        spread = measured([earlier])
        found = between(one, other, (spread, spread))
        told.append(abs(found.centre) > found.reach(0.95))
        alone.append(abs(found.centre) > one.minus(other).reach(0.95))
    assert np.mean(told) <= 0.065
    assert np.mean(alone) >= 0.15
