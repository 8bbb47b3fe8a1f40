"""Drift and serial order: against scipy's own statistics, and how often chance sets them off."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from smjax.stats import serial


def normal(n, draws=3_000):
    return np.random.default_rng(n).standard_normal((draws, n))


@pytest.mark.parametrize("n", [8, 12, 30])
def test_drift_is_kendalls_tau_against_time(n):
    samples = normal(n, 300) + 0.15 * np.arange(n)
    chances = [stats.kendalltau(np.arange(n), sample, method="exact").pvalue for sample in samples]
    found = serial.drifts(samples)
    assert not found[np.greater(chances, 0.010)].any()
    assert found[np.less(chances, 0.005)].all()
    assert found.any()


def test_resembling_is_bartels_ratio_of_the_ranks():
    samples = normal(12, 4_000)
    ratios = np.array([np.square(np.diff(stats.rankdata(s))).sum() / (11 * 13 * 12 / 12) for s in samples])
    found = serial.resembles(samples)
    assert ratios[found].max() < ratios[~found].min()


@pytest.mark.parametrize("n", [8, 9, 12, 20, 30])
def test_chance_sets_them_off_as_rarely_as_they_say(n):
    far = normal(n) ** 3  # ranks do not see how far off a straggler is
    assert serial.resembles(far).mean() <= serial.SERIAL + 0.006
    assert serial.drifts(far).mean() <= serial.DRIFT + 0.002


def test_slope_and_what_it_leaves_are_those_of_least_squares():
    sample = normal(12, 1)[0] + 0.3 * np.arange(12)
    expected, residual, *_ = np.polyfit(np.arange(12), sample, 1, full=True)
    assert serial.slope(sample) == pytest.approx(expected[0])
    assert serial.error_sum(sample) == pytest.approx(residual[0])


def test_identical_values_are_no_order():
    assert not serial.resembles(np.ones(10))
    assert not serial.drifts(np.ones(10))


def test_ties_share_their_rank():
    assert not serial.resembles(np.array([1.0, 2, 1, 1, 1, 1, 1, 2, 1]))
    assert serial.resembles(np.repeat([1.0, 2.0, 1.0], [5, 7, 6]))
