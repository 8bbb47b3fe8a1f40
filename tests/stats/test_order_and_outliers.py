"""When a row's samples speak against it, and how often that happens by chance."""

from __future__ import annotations

import numpy as np
import pytest

from smjax.stats.intervals import is_wide
from smjax.stats.order import starts_slow
from smjax.stats.outliers import has_outlier

ROWS = 2_000


def test_wide_is_wider_than_asked_for_and_nothing_where_nothing_was_asked():
    bounds = (100 / 1.03, 100 * 1.03)
    assert is_wide(bounds, 0.02)
    assert not is_wide(bounds, 0.04)
    assert not is_wide(bounds, None)
    assert not is_wide(None, 0.02)


def noise(rng, processes, samples):
    """Times of answers: every process at its own speed, a skewed noise of 3 %, one sample in ten up to 50 % slower."""
    times = rng.lognormal(0, 0.02, (processes, 1)) * rng.lognormal(0, 0.03, (processes, samples))
    return times * np.where(rng.random((processes, samples)) < 0.1, 1 + 0.5 * rng.random((processes, samples)), 1)


@pytest.mark.parametrize(
    ("processes", "samples"), [(1, 5), (1, 100), (2, 5), (3, 5), (4, 3), (6, 5), (10, 5), (10, 10)]
)
def test_noise_is_hardly_ever_called_a_slow_start(processes, samples):
    rng = np.random.default_rng(processes * samples)
    assert np.mean([starts_slow(noise(rng, processes, samples)) for _ in range(ROWS)]) <= 0.01


def test_drifting_speed_is_not_called_a_slow_start_more_than_now_and_then():
    rng = np.random.default_rng(3)
    drifts = (np.exp(rng.normal(0, 0.02, (6, 5)).cumsum(axis=1)) for _ in range(ROWS))
    assert np.mean([starts_slow(times) for times in drifts]) <= 0.03


@pytest.mark.parametrize(("processes", "slower"), [(5, 1.5), (6, 1.2), (10, 1.1)])
def test_a_slow_start_is_seen_through_the_noise(processes, slower):
    rng = np.random.default_rng(4)
    start = np.array([slower, 1, 1, 1, 1])
    assert np.mean([starts_slow(noise(rng, processes, 5) * start) for _ in range(ROWS)]) >= 0.85


@pytest.mark.parametrize(
    ("times", "is_slow"),
    [
        ([[1.1, 1, 1, 1, 1]] * 6, True),
        ([[1.1, 1, 1, 1, 1]] * 5 + [[1, 0.9, 1.1, 0.9, 0.9]], True),
        ([[1.1, 1, 1, 1, 1]] * 3 + [[1, 1, 1.1, 1, 1]] * 3, False),
        ([[1.005, 1, 1, 1, 1]] * 6, False),  # always the slowest, but by nothing that matters
        ([[0.9, 1, 1, 1, 1]] * 6, False),
        ([[1.1, 1]] * 20, False),  # two samples have no rest to be slower than
        ([[2.0, 1, 1, 1, 1]], False),  # one process alone may have been unlucky
        ([[2.0, *[1] * 299]], True),
        ([[0, 0, 0]] * 9, False),
        ([], False),
    ],
)
def test_the_first_samples_beside_the_rest(times, is_slow):
    assert starts_slow(times) is is_slow


@pytest.mark.parametrize(
    ("rates", "is_out"),
    [
        # By the modified z-score: medians 100 101 102 103, deviations 2 1 0 1 ..., 0.6745 * 18 / 1 = 12.
        ([[100], [101], [102], [103], [120]], True),
        ([[100], [101], [102], [103], [104]], False),
        ([[100], [100], [100], [100], [110]], True),  # the median deviation is 0
        ([[100], [100], [100], [100], [101]], False),  # 1 % changes nothing
        ([[100]] * 5, False),
        ([[100], [101], [102], [150]], False),  # four are too few to tell
        ([[100, 101, 99, 100, 150]], True),
        ([[100, 101, 99, 100, 102]], False),
        ([[100, 101, 99], [200, 202, 198], [50, 51, 70]], True),
        ([[100, 101, 99], [200, 202, 198], [50, 51, 49.5]], False),
        ([[100, 101, 99, 100, 150]] * 5, False),  # medians of five processes are all the same
        ([], False),
        ([[1]], False),
    ],
)
def test_what_stands_out(rates, is_out):
    assert has_outlier(rates) is is_out


@pytest.mark.parametrize(("processes", "most"), [(5, 0.22), (6, 0.18), (10, 0.14), (20, 0.11)])
def test_how_often_a_normal_row_has_an_outlier_by_the_modified_z_score(processes, most):
    """The cut-off of 3.5 is lenient with few values; that is why nothing is dropped for it."""
    rng = np.random.default_rng(5)
    rows = (np.exp(rng.normal(0, 0.05, (processes, 1))) for _ in range(ROWS))
    assert np.mean([has_outlier(row) for row in rows]) <= most
