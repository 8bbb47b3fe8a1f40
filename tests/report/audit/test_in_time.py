"""Trends that no measurement has are found, and what machines do in time is not taken for one."""

from __future__ import annotations

import numpy as np
import pytest

from smjax.report.audit.in_time import CHECKS, trend_of_answers, trend_of_processes


def row(processes, name="decode_tok_per_s"):
    """Of the samples of each process."""
    return {f"{name}_samples": processes, f"{name}_medians": [float(np.median(samples)) for samples in processes]}


def ramp(first, last, count, noise=0.01, seed=0):
    return (np.linspace(first, last, count) * np.random.default_rng(seed).lognormal(0, noise, count)).tolist()


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        ([96 + number + 0.3 * (number % 3) for number in range(30)], "rise from 96."),
        (ramp(96, 125, 12), "rise from 9"),
        (ramp(5000, 4700, 40, 0.003), "fall from 5"),
        (ramp(96, 125, 30, 0.03), "rise from 9"),
    ],
)
def test_answers_in_order_are_flagged(samples, told):
    reason = trend_of_answers(row([samples]))
    assert reason is not None
    assert reason.startswith("trend: the decode samples of a process " + told)
    assert reason.endswith("all but sorted in time")
    assert trend_of_processes(row([samples])) is None, "one process is in no order"


def test_one_process_among_others_is_enough():
    steady = [ramp(100, 100, 20, seed=number) for number in range(1, 8)]
    assert trend_of_answers(row(steady)) is None
    assert trend_of_answers(row([*steady, ramp(96, 125, 20)])) is not None
    assert trend_of_answers(row([ramp(96, 125, 12), *steady])) is not None


def test_each_process_a_little():
    """Five answers alone may be in order by chance; those of eight processes are not."""
    processes = [ramp(96, 125, 5, seed=number) for number in range(8)]
    assert trend_of_answers(row(processes[:1])) is None
    assert "samples of its 8 processes rise from" in str(trend_of_answers(row(processes)))


def test_processes_in_order_are_flagged():
    processes = [[rate * 0.99, rate, rate * 1.01] for rate in ramp(125, 96, 12)]
    assert "trend: the decode medians of the processes fall from 12" in str(trend_of_processes(row(processes)))


def test_times_to_the_first_token_are_judged_too():
    assert "trend: the ttft samples of a process rise from 1" in str(
        trend_of_answers(row([ramp(19, 25, 20)], "ttft_ms"))
    )


def test_a_change_too_small_to_matter_is_none():
    assert trend_of_answers(row([ramp(100, 101, 40, 0.0005)])) is None


def bursts(rng, count):
    """A neighbour slows some answers in a row by a quarter."""
    first = rng.integers(count)
    return np.where((np.arange(count) >= first) & (np.arange(count) < first + rng.integers(2, 20)), 0.75, 1)


REGIMES = {
    "noise": lambda rng, count: 1,
    "bursts": bursts,
    "a step": lambda rng, count: np.where(np.arange(count) < rng.integers(count), 0.75, 1),
    "warm-up": lambda rng, count: 1 - 0.2 * np.exp(-np.arange(count) / 1.5),
}


@pytest.mark.parametrize("regime", REGIMES)
def test_what_machines_do_is_flagged_in_one_row_of_a_hundred_at_most(regime):
    rng = np.random.default_rng(11)
    flagged = 0
    for number in range(400):
        count = int(rng.integers(15, 50))
        processes = [
            (100 * rng.lognormal(0, 0.02) * rng.lognormal(0, 0.05, count) * REGIMES[regime](rng, count)).tolist()
            for _ in range((1, 8, 12)[number % 3])
        ]
        flagged += any(check(row(processes)) for check in CHECKS)
    assert flagged <= 4


@pytest.mark.parametrize(
    "known", [{}, {"decode_tok_per_s_samples": [], "decode_tok_per_s_medians": []}, row([[0.0, 1]])]
)
def test_rows_without_samples_have_no_trend(known):
    assert [check(known) for check in CHECKS] == [None, None]
