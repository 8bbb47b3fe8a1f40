"""Location with stragglers: the equations that define it, Student's of few values, and the t that it follows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from smjax.stats.intervals import TESTABLE
from smjax.stats.location import Estimate, combined, estimate, locate

FAR_FROM_THE_MEAN_ALONE = np.array([-0.04355, -0.01031, -0.00614, -0.00565, 0.00565, 0.01014, 0.03086, 0.03822])
"""Around their median none is bent."""
SKEWED = np.log([7310.0, 7290.0, 7402.0, 6100.0, 7333.0, 7288.0, 7012.0, 7350.0])


def normal(n, draws=20_000):
    return np.random.default_rng(n).standard_normal((draws, n))


@pytest.mark.parametrize("n", range(2, TESTABLE))
def test_few_values_have_students_interval(n):
    values = SKEWED[-n:]
    found = estimate(values)
    expected = stats.t.interval(0.99, n - 1, values.mean(), stats.sem(values))
    assert np.log(found.at(found.reach(0.99))) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("values", [SKEWED, FAR_FROM_THE_MEAN_ALONE, np.repeat(SKEWED, 3) + np.linspace(0, 0.05, 24)])
def test_location_and_scale_solve_hubers_second_proposal(values):
    n, found = len(values), estimate(values)
    bend = 1 + 5 / n
    inside = 1 - 2 * stats.norm.sf(bend)
    kept = inside - 2 * bend * stats.norm.pdf(bend) + 2 * bend**2 * stats.norm.sf(bend)
    factor = max(0.935, 1 - 1.5 / (n + 11)) * math.sqrt(kept) / inside
    deviation = found.error * math.sqrt(n) / factor
    bent = np.clip((values - found.centre) / deviation, -bend, bend)
    assert bent.sum() == pytest.approx(0, abs=1e-5)
    assert np.square(bent).sum() == pytest.approx((n - 1) * kept, rel=1e-5)


def test_how_far_off_a_straggler_is_changes_nothing():
    near, far = SKEWED.copy(), SKEWED.copy()
    near[3], far[3] = near[3] - 0.1, near[3] - 5
    assert estimate(near).centre == pytest.approx(estimate(far).centre, rel=1e-9)
    assert estimate(near).error == pytest.approx(estimate(far).error, rel=1e-6)
    assert near.std() < far.std() / 5


def test_a_shift_moves_the_centre_and_a_factor_scales_the_error():
    moved = estimate(3 + 2 * SKEWED)
    assert moved.centre == pytest.approx(3 + 2 * estimate(SKEWED).centre)
    assert moved.error == pytest.approx(2 * estimate(SKEWED).error)
    assert moved.degrees == estimate(SKEWED).degrees


def test_many_samples_at_once_are_each_one_alone():
    together = locate(np.stack([SKEWED, SKEWED[::-1] * 2]))
    for number, alone in enumerate((estimate(SKEWED), estimate(SKEWED * 2))):
        assert (together[0][number], together[1][number]) == pytest.approx((alone.centre, alone.error), rel=1e-8)


@pytest.mark.parametrize("n", [6, 7, 8, 12, 30, 60])
def test_centre_over_error_follows_t_for_normal_values(n):
    centres, errors, degrees = locate(normal(n, 100_000 // n))
    for level in (0.8, 0.95, 0.99):
        held = np.mean(np.abs(centres) <= stats.t.ppf((1 + level) / 2, degrees) * errors)
        assert held == pytest.approx(level, abs=4 * math.sqrt(level * (1 - level) * n / 100_000))


def test_identical_values_have_no_error():
    assert estimate(np.log([0.1] * 9)) == Estimate(math.log(0.1), 0.0, pytest.approx(6.25))


def test_a_difference_is_welchs_of_the_two():
    a, b = SKEWED[:4], SKEWED[:5] * 1.01
    expected = stats.ttest_ind(a, b, equal_var=False)
    found = estimate(a).minus(estimate(b))
    assert (found.centre / found.error, found.degrees) == pytest.approx((expected.statistic, expected.df))


def test_parts_without_variance_leave_infinite_degrees():
    assert combined((0.0, 0.0), (3, 4)) == (0.0, math.inf)


@pytest.mark.parametrize("n", [8, 9, 12, 20, 30, 60])
@pytest.mark.parametrize("apart", [0, 1e-8, 1e-7])
def test_values_that_are_nearly_all_the_same_are_not_bent_onto_each_other(n, apart):
    values = apart * np.arange(n)
    values[n // 3] += 0.05
    found = estimate(values)
    assert (found.centre, found.error) == pytest.approx((values.mean(), stats.sem(values)))
    calm = np.random.default_rng(n).normal(0, 5e-4, n)
    calm[n // 3] += 0.05  # a straggler among processes that differ by chance
    assert estimate(calm).error < stats.sem(calm) / 3


def test_an_interval_ends_at_numbers_however_far_it_reaches():
    for reach in (1e3, 1e9, math.inf):
        lo, hi = Estimate(8.0, 1.0, 1).at(reach)
        assert 0 < lo < 1e-30 < 1e30 < hi < math.inf
