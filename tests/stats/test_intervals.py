"""Intervals against scipy's own, and how often they hold what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from smjax.stats.intervals import half_width, interval, ratio

SKEWED = [7310.0, 7290.0, 7402.0, 6100.0, 7333.0, 7288.0]
OTHERS = [7012.0, 7100.0, 6950.0, 7333.0, 6990.0]
MANY = [*SKEWED, *OTHERS, 8000.0]


def yuen(a, b, level):
    """Interval of the difference of the trimmed means, by scipy, whose `trim` is the share that goes from each end.

    Not for four values beside more of them: `trim` is one for both sides.
    """
    trim = 0.25 if max(len(a), len(b)) > 4 else 0
    return stats.ttest_ind(a, b, equal_var=False, trim=trim).confidence_interval(level)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(
    "values", [SKEWED[:2], [1e-9, 3e-9, 2e-9], SKEWED[:4], OTHERS, SKEWED, MANY[:7], MANY[:8], MANY[:11], MANY]
)
def test_interval_is_scipy_s_against_a_constant_on_logarithms(values, level):
    expected = np.exp(yuen(np.log(values), np.zeros(2), level))
    assert interval(values, level) == pytest.approx(tuple(expected), rel=1e-12)


def test_outliers_on_either_side_are_trimmed_as_by_hand():
    logs = np.array([0.0, 1, 2, 3, 5, 90])  # winsorised 1 1 2 3 5 5
    mean, error = 11 / 4, math.sqrt((65 - 17**2 / 6) / (4 * 3))
    reach = stats.t.ppf(0.975, 3) * error
    assert np.log(interval(np.exp(logs[::-1]))) == pytest.approx([mean - reach, mean + reach], rel=1e-12)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(
    ("a", "b"),
    [
        (SKEWED, OTHERS),
        (OTHERS, SKEWED),
        (SKEWED[:2], OTHERS),
        (SKEWED, SKEWED),
        (MANY, OTHERS),
        (SKEWED[:4], MANY[:3]),
    ],
)
def test_ratio_is_scipy_s_on_logarithms(a, b, level):
    lo, hi = yuen(np.log(a), np.log(b), level)
    expected = np.exp([(lo + hi) / 2, lo, hi])
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
CALM, NOISY = (0.05, 0.06), (0.15, 0.25)
"""Share of the processes that are slow, and by how much the slowest."""


def pools(rng, share, farthest):
    """Tok/s of 400 processes: logarithms with a spread of 2 % and a skew, a `share` up to `farthest` further off."""
    for _ in range(POOLS):
        noise = rng.lognormal(0, 0.3, 400)
        logs = 0.02 * (noise - noise.mean()) / noise.std()
        yield 7_000 * np.exp(-logs - (rng.random(400) < share) * farthest * rng.random(400))


def coverage(outliers, least, most, target=1.0):
    """Shares of the draws whose interval holds the pool's geometric mean, its trimmed one, and its median.

    A draw starts with `least` processes and grows until its half-width is below `target` or it has `most`.
    """
    rng = np.random.default_rng(7)
    held = np.zeros(3)
    for processes in pools(rng, *outliers):
        logs = np.log(processes)
        middles = np.exp([logs.mean(), stats.trim_mean(logs, 0.25), np.median(logs)])
        for _ in range(DRAWS):
            drawn, count = rng.choice(processes, most), least
            while half_width(bounds := interval(drawn[:count])) >= target and count < most:
                count += 1
            held += (bounds[0] <= middles) & (middles <= bounds[1])
    return held / (POOLS * DRAWS)


@pytest.mark.parametrize("outliers", [CALM, NOISY])
@pytest.mark.parametrize("least", [4, 5, 6, 8, 9, 12])
def test_intervals_hold_the_middle_of_the_pool(least, outliers):
    assert (coverage(outliers, least, least)[1:] >= PROMISED).all()


@pytest.mark.parametrize("outliers", [CALM, NOISY])
@pytest.mark.parametrize("most", [12, 30])
def test_intervals_hold_the_middle_of_the_pool_also_where_their_width_stops_the_draw(most, outliers):
    assert (coverage(outliers, 8, most, target=0.02)[1:] >= PROMISED).all()


def test_far_outliers_take_the_mean_from_the_interval_but_not_the_median_that_a_row_shows():
    mean, _, median = coverage((0.05, 0.25), 8, 8)
    assert mean < PROMISED <= median


def found_to_differ(share, slower):
    """Shares of pairs of 8 and 8 processes, one side `slower`, that differ: by `ratio`, and by Welch's t."""
    rng = np.random.default_rng(7)
    found = np.zeros(2)
    for processes in pools(rng, share, 0.25):
        a, b = np.split(np.array([rng.choice(processes, 16, replace=False) for _ in range(DRAWS)]), 2, axis=1)
        b *= 1 - slower
        bounds = np.array([ratio(*pair)[1:] for pair in zip(a, b, strict=True)])
        welch = stats.ttest_ind(np.log(a), np.log(b), axis=1, equal_var=False)
        found += np.sum((bounds[:, 0] > 1) | (bounds[:, 1] < 1)), np.sum(welch.pvalue < 0.05)
    return found / (POOLS * DRAWS)


@pytest.mark.parametrize(("share", "least_often"), [(0.05, 0.89), (0.10, 0.82), (0.15, 0.72)])
def test_outliers_do_not_hide_a_difference_nor_make_one(share, least_often):
    ours, welch = found_to_differ(share, slower=0.05)
    assert ours >= least_often > welch + 0.1
    assert found_to_differ(share, slower=0)[0] <= 0.05
