"""Two speeds: what makes a cut likely, by hand and by brute force, and what is not one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from smjax.stats.modes import _log_chance_of_runs, best_cut

TWO = np.log([4605.0, 4783, 4817, 6441, 6405, 6514, 6470, 6488, 6383, 6486, 6474, 6507])


def worth(logs, lower):
    """By hand: the gain of a cut after the `lower` lowest, and the chance of its runs over all orders."""
    n, is_low = len(logs), np.argsort(np.argsort(logs)) < lower
    within = sum(np.square(part - part.mean()).sum() for part in (logs[is_low], logs[~is_low]))
    gain = n / 2 * math.log(np.square(logs - logs.mean()).sum() / within)
    runs = [1 + sum(a != b for a, b in itertools.pairwise(labels)) for labels in labellings(n, lower)]
    seen = 1 + int((is_low[1:] != is_low[:-1]).sum())
    return gain - math.log(np.mean([r <= seen for r in runs]))


def labellings(n, lower):
    for places in itertools.combinations(range(n), lower):
        yield [place in places for place in range(n)]


def test_the_best_cut_is_the_one_that_is_worth_most_by_hand():
    cut = best_cut(TWO)
    by_hand = {lower: worth(TWO, lower) for lower in range(2, 11)}
    assert max(by_hand, key=by_hand.get) == cut.lower == 3
    assert cut.worth == pytest.approx(by_hand[3], rel=1e-9)
    assert cut.apart == pytest.approx(TWO[3:].mean() - TWO[:3].mean())
    assert cut.error_sum == pytest.approx(np.square(TWO[:3] - TWO[:3].mean()).sum() + TWO[3:].var() * 9)
    assert cut.is_two


@pytest.mark.parametrize(("a", "b"), [(2, 6), (3, 5), (4, 4)])
def test_the_chance_of_runs_is_that_of_all_orders(a, b):
    runs = [1 + sum(x != y for x, y in itertools.pairwise(labels)) for labels in labellings(a + b, a)]
    expected = [np.mean([seen <= r for seen in runs]) for r in range(a + b + 1)]
    assert np.exp(_log_chance_of_runs(a, b)) == pytest.approx(expected)


def test_the_same_values_scattered_in_time_are_worth_less():
    scattered = TWO[[3, 0, 4, 5, 6, 1, 7, 8, 9, 2, 10, 11]]
    assert best_cut(scattered).worth < best_cut(TWO).worth - 3


def test_speeds_one_per_cent_apart_are_one():
    step = np.repeat([0.0, 0.005], 6) + np.tile([0, 1e-5], 6)
    assert not best_cut(step).is_two
    assert best_cut(step * 4).is_two


def test_stragglers_at_depths_of_their_own_are_no_speed():
    alone = np.array([0, -0.22, 0.01, 0.0, -0.01, 0.02, -0.09, 0.0, -0.02, 0.01])
    together = np.array([0, -0.22, -0.21, 0.0, -0.01, 0.02, 0.01, 0.0, -0.02, 0.01])
    assert not best_cut(alone).is_two
    assert best_cut(together).is_two


def test_identical_values_and_large_samples_have_an_answer():
    assert not best_cut(np.zeros(9)).is_two
    assert best_cut(np.repeat([0.0, 1.0], 600)).is_two


@pytest.mark.parametrize("n", [8, 12, 20, 30])
def test_two_in_a_hundred_normal_samples_are_called_two_speeds(n):
    found = best_cut(np.random.default_rng(n).standard_normal((5_000, n))).is_two.mean()
    assert 0.012 <= found <= 0.025


def test_a_sample_says_the_same_alone_and_among_others():
    many = np.random.default_rng(1).standard_normal((20, 10))
    together = best_cut(many)
    for number, sample in enumerate(many):
        alone = best_cut(sample)
        assert (together.worth[number], together.lower[number]) == pytest.approx((alone.worth, alone.lower))
