"""Two stages: what the first says of how many there are to be, and that the interval then holds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from smjax.stats.intervals import judge
from smjax.stats.location import estimate
from smjax.stats.stopping import first_stage, needed, size_of_first

CALM = [7210.0, 7234, 7151, 7317, 7313, 7277, 7114, 7212]
LOUD = [7310.0, 7000, 7400, 7101, 7350, 7000, 7222, 7550]
REACH = estimate(np.log(LOUD)).reach(0.95)


def test_a_first_stage_that_is_narrow_enough_is_all():
    assert needed(CALM, 0.02) == 8


def test_the_spread_of_the_first_stage_says_how_many():
    expected = math.ceil(8 * (REACH / math.log1p(0.02)) ** 2)
    assert needed(LOUD, 0.02) == expected
    assert 12 < expected < 30


def test_where_the_centre_lies_says_nothing():
    for factor in (0.01, 3.0):
        assert needed([value * factor for value in LOUD], 0.02) == needed(LOUD, 0.02)


def test_a_second_stage_is_at_least_half_the_first_and_testable():
    just_missed = math.expm1(REACH) - 1e-6
    assert needed(LOUD, just_missed) == 12
    assert needed([7000.0, 7100, 7200, 7000, 7150], 0.0145) == 8


def test_never_more_than_the_most_nor_fewer_than_there_are():
    assert needed(LOUD, 0.001) == 30
    assert needed(LOUD, 0.001, most=10) == 10
    assert needed(LOUD, 0.001, most=4) == 8


def test_two_speeds_and_drifts_are_worth_all_that_there_may_be():
    assert needed([5000.0, 5010, 7000, 7010, 7020, 7005, 7008, 7001], 0.5) == 30
    assert needed([7000.0 * 0.99**i for i in range(10)], 0.5) == 30


@pytest.mark.parametrize(("values", "expected"), [([], 0), ([5.0], 1), ([5.0, 0.0], 2)])
def test_too_little_to_say(values, expected):
    assert needed(values, 0.02) == expected


@pytest.mark.parametrize(
    ("replicates", "ran", "expected"),
    [(8, 12, 8), (8, 9, 8), (8, 8, None), (8, 3, None), (5, 6, 5), (4, 6, 5), (2, 6, 5), (2, 5, None), (2, 2, None)],
)
def test_the_first_stage_is_known_from_what_was_asked_for_and_what_ran(replicates, ran, expected):
    assert first_stage(replicates, ran) == expected


def test_one_process_alone_is_no_stage():
    assert [first_stage(1, ran) for ran in range(30)] == [None] * 30


@pytest.mark.parametrize("replicates", [2, 3, 4])
def test_a_short_first_stage_grows_to_one_that_says_something_whatever_it_says(replicates):
    assert size_of_first(replicates) == 5
    assert [first_stage(replicates, ran) for ran in (5, 6)] == [None, 5]


@pytest.mark.parametrize("left", [LOUD[:4], LOUD[4:], LOUD[1:]])
def test_of_a_first_stage_in_which_one_failed_the_others_say_how_many(left):
    reach = estimate(np.log(left)).reach(0.95)
    expected = math.ceil(len(left) * (reach / math.log1p(0.02)) ** 2)
    assert needed(left, 0.02) == max(expected, 11 if len(left) == 7 else 8) > 8
    assert needed([7000.0 + value / 1000 for value in left], 0.02) == len(left)


def test_an_interval_answers_for_the_choice_of_its_size():
    calm_first = [*CALM, *LOUD]
    plain, chosen = judge(calm_first), judge(calm_first, first=8)
    assert chosen == plain  # the first stage's own interval is the narrower one
    loud_first = [*LOUD, *CALM]
    stage = REACH * math.sqrt(8 / 16)
    widened, plain = judge(loud_first, first=8, target=0.05), judge(loud_first)
    own = math.log(plain.hi / plain.lo) / 2
    assert own < stage
    assert math.log(widened.hi / widened.lo) / 2 == pytest.approx(own ** (1 / 3) * stage ** (2 / 3))
    assert judge(loud_first, first=8, target=0.005) == plain  # which 16 do not reach: it did not choose them


@pytest.mark.parametrize("rows", [1, 2, 20, 400])
def test_it_does_so_at_the_level_of_however_many_rows(rows):
    """The first stage's size was chosen by an interval of 95 %; a table of many rows shows others."""
    level, loud_first = 1 - 0.05 / rows, [*LOUD, *CALM]
    own, stage = (estimate(np.log(values)).reach(level) for values in (loud_first, LOUD))
    steins = stage * math.sqrt(8 / 16)
    assert own < steins
    found = judge(loud_first, level, first=8, target=0.03)
    assert math.log(found.hi / found.lo) / 2 == pytest.approx(own ** (1 / 3) * steins ** (2 / 3))
    assert judge(loud_first, level, first=8, target=0.005) == judge(loud_first, level)


@pytest.mark.parametrize("spread", [0.02, 0.03])
def test_rows_that_stop_early_hold_as_often_as_they_say(spread):
    held = []
    for logs in spread * np.random.default_rng(3).standard_normal((400, 30)):
        size = needed(np.exp(logs[:8]), 0.02)
        if size < 30 and (found := judge(np.exp(logs[:size]), first=8, target=0.02)).lo is not None:
            held.append(found.lo <= 1 <= found.hi)
    assert len(held) > 300
    assert np.mean(held) >= 0.92
