"""How much one gets in the long run, with its interval."""

from __future__ import annotations

import math

import numpy as np
import pytest

from smjax.stats.intervals import LEVEL, judge, judge_each
from smjax.stats.location import quantile_t
from smjax.stats.sustained import interval_of_sums


def test_it_is_all_by_all_with_the_error_of_a_ratio_of_sums():
    amounts, times = [100.0, 300.0, 200.0], [1.0, 2.0, 3.0]  # 600 in 6 s; off by 0, 100 and -100
    found = interval_of_sums(amounts, times, judge([100, 150, 66.7]))
    reach = quantile_t(0.975, 2) * math.sqrt(3 / 2 * 20_000) / 600
    assert found.centre == 100
    assert (found.lo, found.hi) == pytest.approx((100 * math.exp(-reach), 100 * math.exp(reach)))


def test_equal_rates_are_certain_whatever_their_times():
    found = interval_of_sums([100.0, 300.0], [1.0, 3.0], judge([100, 100]))
    assert (found.lo, found.hi) == pytest.approx((100, 100))


def test_without_an_interval_of_the_rates_there_is_none():
    rates = [100, 101, 102, 103, 140, 141, 142, 143]
    found = interval_of_sums(rates, [1.0] * 8, judge(rates))
    assert (found.centre, found.lo, found.estimate) == (pytest.approx(121.5), None, None)
    assert found.reason.startswith("two speeds")
    assert interval_of_sums([50.0], [2.0], judge([25])).reason == "one process"
    assert interval_of_sums([], [], judge([])).centre is None


def test_it_is_as_much_wider_as_the_rates_where_the_first_ones_chose_their_number():
    rates = [100, 103, 97, 104, 96, 100, 100.5, 99.5]
    chosen, plain = judge(rates, first=5, target=0.05), judge(rates)
    wider = interval_of_sums(rates, [1.0] * 8, chosen, first=5)
    fixed = interval_of_sums(rates, [1.0] * 8, plain)
    assert chosen.estimate.error > plain.estimate.error
    assert wider.estimate.error / fixed.estimate.error == pytest.approx(chosen.estimate.error / plain.estimate.error)


def test_it_holds_the_long_run_of_processes_alike():
    rng = np.random.default_rng(3)
    times = rng.uniform(0.8, 1.2, (2000, 8))
    rates = 6000 * np.exp(0.03 * rng.standard_normal((2000, 8)))
    judged = judge_each(rates, LEVEL, [(None, None)] * 2000)
    found = [interval_of_sums(one * time, time, of) for one, time, of in zip(rates, times, judged, strict=True)]
    missed = [one.lo is not None and not one.lo <= 6000 * math.exp(0.03**2 / 2) <= one.hi for one in found]
    assert np.mean(missed) <= 0.06
