"""Percentiles over tokens: of all tokens, with an interval that knows whose they are."""

from __future__ import annotations

import numpy as np
import pytest

from smjax.stats.percentiles import interval_over_tokens


def hiccups(rng, processes, uneven):
    """Times of 1,000 tokens of each process, 1.5 % of them longer by half; processes differ in how many."""
    rates = 0.015 * rng.gamma(uneven**-2, uneven**2, (processes, 1))
    times = 1 + 0.02 * rng.standard_normal((processes, 1)) + 0.01 * rng.standard_normal((processes, 1_000))
    return np.where(rng.random(times.shape) < rates, times * (1 + rng.exponential(0.5, times.shape)), times)


def test_the_interval_is_where_the_share_beyond_would_be_as_uncertain():
    processes = [np.arange(1000.0)] * 8  # alike to the token: the share beyond is certain
    assert interval_over_tokens(processes, 0.9) == pytest.approx((899.1, 899.1), abs=0.5)
    apart = [process + 10 * number for number, process in enumerate(processes)]
    lo, hi = interval_over_tokens([*apart, []], 0.9)
    assert lo < np.quantile(np.concatenate(apart), 0.9) < hi


def test_too_few_processes_or_tokens_have_none():
    rng = np.random.default_rng(0)
    assert interval_over_tokens(hiccups(rng, 3, 0.5), 0.99) is None
    assert interval_over_tokens(rng.random((8, 50)), 0.99) is None
    assert interval_over_tokens([], 0.5) is None


@pytest.mark.parametrize(("processes", "uneven"), [(4, 0.3), (8, 0.5), (8, 1.0)])
def test_it_holds_the_long_run_where_processes_differ(processes, uneven):
    rng = np.random.default_rng(2)
    truth = np.quantile(hiccups(rng, 2_000, uneven), 0.99)
    found = [interval_over_tokens(hiccups(rng, processes, uneven), 0.99) for _ in range(300)]
    held = [lo <= truth <= hi for lo, hi in filter(None, found)]
    assert len(held) >= 200
    assert np.mean(held) >= 0.92
