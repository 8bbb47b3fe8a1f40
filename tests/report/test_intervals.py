"""Intervals against scipy's own, and how often they hold what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from smjax.report.intervals import half_width, interval, ratio

SKEWED = [7310.0, 7290.0, 7402.0, 6100.0, 7333.0, 7288.0]
OTHERS = [7012.0, 7100.0, 6950.0, 7333.0]


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("values", [SKEWED, SKEWED[:2], OTHERS, [1e-9, 3e-9, 2e-9]])
def test_interval_is_scipy_s_on_logarithms(values, level):
    logs = np.log(values)
    expected = np.exp(stats.t.interval(level, len(logs) - 1, logs.mean(), stats.sem(logs)))
    assert interval(values, level) == pytest.approx(tuple(expected), rel=1e-12)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(("a", "b"), [(SKEWED, OTHERS), (OTHERS, SKEWED), (SKEWED[:2], OTHERS), (SKEWED, SKEWED)])
def test_ratio_is_scipy_s_welch_on_logarithms(a, b, level):
    test = stats.ttest_ind(np.log(a), np.log(b), equal_var=False)
    expected = np.exp([np.mean(np.log(a)) - np.mean(np.log(b)), *test.confidence_interval(level)])
    assert ratio(a, b, level) == pytest.approx(tuple(expected), rel=1e-12)


def test_the_other_way_round_is_the_inverse():
    there, back = ratio(SKEWED, OTHERS), ratio(OTHERS, SKEWED)
    assert there == pytest.approx((1 / back[0], 1 / back[2], 1 / back[1]))


def test_identical_values_give_no_width_and_no_nan():
    assert interval([0.1, 0.1, 0.1]) == pytest.approx((0.1, 0.1), rel=1e-15)
    assert half_width(interval([0.1] * 7)) == 0
    assert ratio([3.0] * 3, [1.5] * 2) == pytest.approx((2, 2, 2), rel=1e-15)
    one_sided = ratio([3.0] * 3, OTHERS)
    assert one_sided[1] < one_sided[0] < one_sided[2]


@pytest.mark.parametrize("values", [[], [5.0], [5.0, 0.0], [5.0, -1.0], [5.0, math.nan], [5.0, math.inf]])
def test_what_has_no_interval(values):
    assert interval(values) is None
    assert ratio(values, OTHERS) is None
    assert ratio(OTHERS, values) is None


def test_half_width_is_relative_and_the_same_to_both_sides():
    assert half_width((100 / 1.02, 100 * 1.02)) == pytest.approx(0.02)


POOLS, DRAWS = 20, 100
PROMISED = 0.92


def pool(rng, farthest):
    """Tok/s of 400 processes: logarithms with a spread of 2 % and a skew, one in 20 up to `farthest` further off."""
    noise = rng.lognormal(0, 0.3, 400)
    logs = 0.02 * (noise - noise.mean()) / noise.std()
    return 7_000 * np.exp(-logs - (rng.random(400) < 0.05) * farthest * rng.random(400))


def coverage(farthest, least, most, target):
    """Shares of the draws whose interval holds the pool's geometric mean, and its median.

    A draw starts with `least` processes and grows until its half-width is below `target` or it has `most`.
    """
    rng = np.random.default_rng(7)
    held = np.zeros(2)
    for processes in (pool(rng, farthest) for _ in range(POOLS)):
        middles = np.array([np.exp(np.log(processes).mean()), np.median(processes)])
        for _ in range(DRAWS):
            drawn, count = rng.choice(processes, most), least
            while half_width(bounds := interval(drawn[:count])) >= target and count < most:
                count += 1
            held += (bounds[0] <= middles) & (middles <= bounds[1])
    return held / (POOLS * DRAWS)


@pytest.mark.parametrize(("least", "most"), [(6, 6), (9, 9), (12, 12), (6, 12), (6, 30)])
def test_intervals_hold_the_middle_of_the_pool_also_where_their_width_stops_the_draw(least, most):
    assert (coverage(0.06, least, most, target=0.02) >= PROMISED).all()


def test_far_outliers_take_the_mean_from_the_interval_but_not_the_median_that_a_row_shows():
    mean, median = coverage(0.25, 8, 8, target=1)
    assert mean < PROMISED <= median
