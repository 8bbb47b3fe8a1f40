"""The test of permutations: against all permutations, and against splits that are tried one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from smjax.stats.splits import bent, chances, explained, least_chance, verge_of_one


def histories(seed: int, runs: int, count: int = 1) -> np.ndarray:
    return 0.015 * np.random.default_rng(seed).standard_normal((count, runs))


def by_hand(values: np.ndarray, edges: tuple[int, int]) -> float:
    """Share of the sum of squares that a stretch beside the rest explains."""
    inside = np.zeros(values.size, bool)
    inside[slice(*edges)] = True
    rest = sum(np.square(part - part.mean()).sum() for part in (values[inside], values[~inside]))
    return 1 - rest / np.square(values - values.mean()).sum()


def test_the_best_splits_are_those_of_all_that_are_tried():
    for logs in histories(1, 14, 20):
        values = bent(logs)
        in_one = max(by_hand(values, (0, place)) for place in range(2, 13))
        in_two = max(by_hand(values, edges) for edges in itertools.combinations(range(2, 13), 2) if np.ptp(edges) > 1)
        assert explained(logs[None])[0] == pytest.approx([in_one, in_two])


def test_chances_are_shares_of_all_permutations():
    logs = histories(2, 8)[0] + np.repeat([0, 0.03], 4)
    everything = explained(logs[list(itertools.permutations(range(8)))])
    exact = (everything >= everything[0] - 1e-12).mean(0)
    assert chances(logs, tuple(exact)) == pytest.approx(tuple(exact), abs=0.006)
    verge = verge_of_one(logs, 0.04)
    above, with_ties = ((everything[:, 0] > verge + sign * 1e-9).mean() for sign in (1, -1))
    assert above - 0.006 < 0.04 < with_ties + 0.006


def test_no_split_is_less_likely_than_all_large_values_on_one_side():
    logs = np.repeat([0.0, 1.0], (5, 3)) + np.arange(8) / 100
    assert least_chance(8, 3) == pytest.approx(2 / 56)
    assert chances(logs, (2 / 56, 1))[0] == pytest.approx(2 / 56, abs=0.006)


def test_a_lone_straggler_is_bent_to_its_neighbours_and_two_alike_are_not():
    calm = histories(3, 20)[0]
    slow = calm.copy()
    slow[7] -= 0.3
    assert np.abs(bent(slow) - calm).max() < 0.08
    slow[8] -= 0.3
    assert bent(slow)[7:9] == pytest.approx(slow[7:9], abs=0.08)
    slow = calm.copy()
    slow[-1] -= 0.3
    assert bent(slow)[-1] == pytest.approx(calm[-1], abs=0.08)


def test_equal_values_have_no_split():
    equal = np.full(12, 1.25)
    assert explained(equal[None]).tolist() == [[0, 0]]
    assert chances(equal, (0.01, 0.01)) == (1, 1)
