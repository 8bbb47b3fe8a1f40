"""Intervals of rows: what prints one, what says why it does not, and how often they hold what they promise."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from smjax.stats import modes, serial
from smjax.stats.intervals import LEVEL, Interval, half_width, judge, judge_each
from smjax.stats.location import Estimate, estimate, locate, quantile_t

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "two-speeds.json").read_text())["rows"]
QUIET = [7210.0, 7234, 7151, 7317, 7313, 7277, 7114, 7212]


def test_three_slow_processes_of_twelve_are_not_trimmed_into_a_narrow_interval():
    row = [4605.0, 4783, 4817, 6441, 6405, 6514, 6470, 6488, 6383, 6486, 6474, 6507]
    found = judge(row)
    assert (found.lo, found.hi, found.half_width, found.estimate) == (None, None, None, None)
    assert found.reason == "two speeds: 25 % of processes at 4.7k, the rest at 6.5k"
    eleven = judge(row[:11])
    assert eleven.lo is None
    assert eleven.reason.startswith("two speeds: 27 %")


def test_the_fewer_processes_are_told_first_whichever_they_are():
    found = judge([8.9, 8.8, 8.8, 8.9, 11.9, 11.8, 8.8, 8.9, 8.8])
    assert found.reason == "two speeds: 22 % of processes at 11.8, the rest at 8.84"


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: f"{row['run']}-{row['threads']}-{row['ctx']}")
def test_recorded_rows_of_one_thread_are_quiet_and_no_interval_of_more_hides_the_other_speed(row):
    found = judge(row["decode_tok_per_s"])
    if row["threads"] == 1:
        assert found.reason == ""
        assert found.half_width < 0.025
    else:
        assert found.half_width is None or found.half_width > 0.03
        assert (found.half_width is None) == found.reason.startswith("two speeds: ")


def test_a_drift_and_serial_order_are_named():
    assert judge([7000 * 0.99**i for i in range(9)]).reason == "drifting: -1.0 % a process"
    step = judge([7000 * (1 - 0.1 * (i > 4)) * (1 + 0.001 * (i % 2)) for i in range(10)])
    assert step.reason == "two speeds: 50 % of processes at 6.3k, the rest at 7.0k"
    waves = [7018.0, 7001, 7060, 7055, 6991, 7027, 7142, 7196, 7080, 6943, 6900, 6929, 6737, 6782]
    assert judge(waves).reason == "serial: processes resemble the one before"


@pytest.mark.parametrize(
    "parts_per_million",
    [range(0, 60, 5), [0, 900] * 6, [0] * 6 + [900] * 6, [0, 0, 40, 40, 90, 90, 30, 30, 0, 0, 20, 20]],
    ids=["drift", "two speeds in turn", "step", "serial"],
)
def test_what_differs_by_less_than_a_thousandth_is_one_figure_in_whatever_order(parts_per_million):
    found = judge([180.0 * (1 + ppm / 1e6) for ppm in parts_per_million])
    assert found.reason == ""
    assert found.lo <= found.centre <= found.hi
    assert judge([180.0 * (1 + 40 * ppm / 1e6) for ppm in range(0, 60, 5)]).reason.startswith("drifting")


def test_a_quiet_row_has_an_interval_and_nothing_to_say():
    found = judge(QUIET)
    assert (found.reason, found.testable) == ("", True)
    of_all = estimate(np.log(QUIET))
    assert (found.lo, found.hi) == of_all.at(of_all.reach(0.95))
    assert found.centre == pytest.approx(math.sqrt(found.lo * found.hi))
    assert found.half_width == pytest.approx(half_width((found.lo, found.hi)))


def test_a_higher_level_reaches_further_by_the_quantiles_of_t():
    near, far = judge(QUIET, 0.95), judge(QUIET, 1 - 0.05 / 20)
    expected = quantile_t(1 - 0.025 / 20, 5.8) / quantile_t(0.975, 5.8)
    assert math.log(far.hi / far.lo) / math.log(near.hi / near.lo) == pytest.approx(expected)


@pytest.mark.parametrize("n", [2, 4, 7])
def test_few_processes_have_an_interval_that_says_what_nobody_can_know(n):
    found = judge([*QUIET[: n - 1], 5000.0])
    assert (found.reason, found.testable) == ("modes not testable", False)
    assert found.lo < found.hi


@pytest.mark.parametrize(
    ("values", "centre", "reason"),
    [
        ([], None, "no process"),
        ([5.0], 5.0, "one process"),
        ([5.0, 0.0], None, "not all are positive numbers"),
        ([5.0, -1.0], None, "not all are positive numbers"),
        ([5.0, math.inf], None, "not all are positive numbers"),
        ([5.0] * 8 + [math.nan], None, "not all are positive numbers"),
    ],
)
def test_what_has_no_interval_says_why(values, centre, reason):
    assert judge(values) == Interval(centre, None, None, reason)


def test_identical_values_give_no_width_and_no_nan():
    few = judge([0.1, 0.1, 0.1])
    assert (few.lo, few.hi) == pytest.approx((0.1, 0.1), rel=1e-15)
    assert judge([0.1] * 7).half_width == judge([0.1] * 9).half_width == 0


def test_half_width_is_relative_and_the_same_to_both_sides():
    assert half_width((100 / 1.02, 100 * 1.02)) == pytest.approx(0.02)


DRAWS = 2_000


def judged(logs):
    """Of many samples at once: which have no interval, and where those of all lie."""
    none = modes.best_cut(logs).is_two | serial.drifts(logs) | serial.resembles(logs)
    centres, errors, degrees = locate(logs)
    return none, centres, quantile_t(0.975, degrees) * errors


def normal(n, spread=0.02):
    return spread * np.random.default_rng(n).standard_normal((DRAWS, n))


def stragglers(n, share, draws=DRAWS):
    rng = np.random.default_rng(n)
    slower = np.where(rng.random((draws, n)) < share, np.log1p(-0.25 * rng.random((draws, n))), 0)
    return 0.02 * rng.standard_normal((draws, n)) + slower


def two_speeds(n, apart):
    rng = np.random.default_rng(n)
    lengths = rng.integers(3, 7, (DRAWS, n))
    ends = np.cumsum(lengths, 1) - rng.integers(0, lengths[:, :1])
    states = (ends[:, :, None] <= np.arange(n)).sum(1) + rng.integers(0, 2, (DRAWS, 1))
    return normal(n) + states % 2 * math.log1p(-apart)


def correlated(n):
    logs = normal(n)
    for number in range(1, n):
        logs[:, number] = 0.6 * logs[:, number - 1] + 0.8 * logs[:, number]
    return logs


def test_many_at_once_are_judged_as_one_alone_is():
    logs = stragglers(12, 0.15)[:200]
    none, centres, reach = judged(logs)
    alone = [judge(np.exp(sample)) for sample in logs]
    assert [found.lo is None for found in alone] == list(none)
    for found, centre, far in zip(alone, centres, reach, strict=True):
        assert found.centre == pytest.approx(math.exp(centre), rel=1e-6)
        assert found.half_width is None or found.half_width == pytest.approx(math.expm1(far), rel=1e-4)


def test_what_is_said_of_a_row_depends_on_no_other():
    rows = [list(np.exp(sample)) for n in (2, 5, 8, 12) for sample in stragglers(n, 0.15)[:50]]
    rows += [[], [7.0], [1.0, -1.0], [100.0] * 8]
    stages = [(8, 0.02) if len(row) == 12 else (None, None) for row in rows]
    alone = [judge(row, first=first, target=target) for row, (first, target) in zip(rows, stages, strict=True)]
    assert judge_each(rows, LEVEL, stages) == alone  # to the last digit


@pytest.mark.parametrize("n", [8, 12, 30])
def test_normal_rows_keep_their_interval_and_it_is_hardly_wider_than_students(n):
    none, centres, reach = judged(normal(n))
    assert none.mean() <= 0.055
    assert np.mean((np.abs(centres) > reach) & ~none) <= 0.06
    students = stats.t.ppf(0.975, n - 1) * normal(n).std(1, ddof=1) / math.sqrt(n)
    assert np.mean(reach[~none]) <= 1.1 * np.mean(students[~none])


@pytest.mark.parametrize("share", [0.05, 0.15])
@pytest.mark.parametrize("n", [8, 12, 30])
def test_stragglers_neither_take_the_interval_nor_the_middle_from_it(n, share):
    median = np.median(stragglers(1, share, 1_000_000))
    none, centres, reach = judged(stragglers(n, share))
    assert none.mean() <= 0.22
    assert np.mean((np.abs(centres - median) > reach) & ~none) <= 0.07


@pytest.mark.parametrize("apart", [0.15, 0.4])
@pytest.mark.parametrize("n", [8, 12, 30])
def test_two_speeds_are_seen(n, apart):
    assert judged(two_speeds(n, apart))[0].mean() >= 0.93


def test_serial_order_is_seen_before_it_misses():
    none, centres, reach = judged(correlated(30))
    assert np.mean((np.abs(centres) > reach) & ~none) <= 0.07


@pytest.mark.parametrize("n", [8, 12])
def test_drift_misses_the_mean_level_of_the_window_nowhere(n):
    none, centres, reach = judged(normal(n) - 0.01 * np.arange(n))
    assert np.mean((np.abs(centres + 0.01 * (n - 1) / 2) > reach) & ~none) <= 0.02


@pytest.mark.parametrize("share", [0, 0.05, 0.15])
def test_a_process_more_never_widens_the_mean_interval(share):
    logs = stragglers(30, share, 1_000)
    widths = [quantile_t(0.975, degrees) * errors.mean() for _, errors, degrees in map(locate, upto(logs))]
    assert (np.diff(widths) < 0).all()


def upto(logs):
    """The samples' first 4, 5, … 30 values."""
    return (logs[:, :n] for n in range(4, 31))


def found_to_differ(share, slower):
    """Shares of pairs of 8 and 8 processes, one side `slower`, that differ: by our intervals, and by Welch's t."""
    a, b = stragglers(8, share)[:1_000], stragglers(8, share)[1_000:] + math.log1p(-slower)
    sides = ([Estimate(*found, degrees) for found in zip(*both, strict=True)] for *both, degrees in map(locate, (a, b)))
    differences = [one.minus(other) for one, other in zip(*sides, strict=True)]
    welch = stats.ttest_ind(a, b, axis=1, equal_var=False)
    return np.mean([abs(found.centre) > found.reach(0.95) for found in differences]), np.mean(welch.pvalue < 0.05)


@pytest.mark.parametrize(("share", "least_often"), [(0.05, 0.89), (0.10, 0.82), (0.15, 0.72)])
def test_outliers_do_not_hide_a_difference_nor_make_one(share, least_often):
    ours, welch = found_to_differ(share, slower=0.05)
    assert ours >= least_often
    assert ours > welch + 0.1
    assert found_to_differ(share, slower=0)[0] <= 0.05


@pytest.mark.parametrize("rows", [2_000, 10**6, 10**15])
@pytest.mark.parametrize("values", [[7000.0, 7500.0], [0.3, 0.2], [1e15, 1e-15]])
def test_however_many_rows_a_table_has_two_processes_overflow_nothing(rows, values):
    level = 1 - 0.05 / rows
    found = judge(values, level)
    assert (found.lo, found.hi, found.estimate) == (None, None, None)
    assert found.centre == pytest.approx(math.sqrt(math.prod(values)))
    assert found.reason == f"too few for an interval of {100 * level:.6g} %"
    assert judge(values[:1] * 2, level).half_width == 0


@pytest.mark.parametrize(("n", "others"), [(8, 1), (12, 1), (20, 3), (30, 3)])
@pytest.mark.parametrize("apart", [1.05, 0.5])
def test_that_most_values_are_the_same_makes_none_of_them_certain(n, others, apart):
    values = [180.0] * n
    for number in range(others):
        values[3 * number + 1] *= apart ** (1 + number / 7)
    found = judge(values)
    assert found.reason == ""
    assert found.lo < 180.0 < found.hi
    students = stats.t.interval(0.95, n - 1, np.log(values).mean(), stats.sem(np.log(values)))
    assert math.log(found.lo) <= students[0]
    assert math.log(found.hi) >= students[1]
    assert found.half_width < 1.25 * (math.exp((students[1] - students[0]) / 2) - 1)
