"""Steps of histories: found where they are, and not where there is none."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from smjax.stats.steps import FALSE_ALARMS, RESEMBLES, find, least_runs


def history(seed: int, runs: int = 20, **levels: float) -> np.ndarray:
    """Figures around 100 with a spread of 1.5 %, faster by a share from a place on: `at_11=0.05`."""
    logs = 0.015 * np.random.default_rng(seed).standard_normal(runs)
    for place, share in levels.items():
        logs[int(place.removeprefix("at_")) :] += math.log1p(share)
    return 100 * np.exp(logs)


def places(steps) -> list[int]:
    return [step.first for step in steps.found]


def test_a_step_has_a_place_a_size_and_runs_on_both_sides():
    found = find(history(1, at_11=0.1))
    (step,) = found.found
    assert (step.first, step.before, step.after) == (11, 11, 9)
    lo, hi = step.size.at(step.size.reach(0.95))
    assert lo < 1.1 < hi < lo * 1.06
    assert found.spread == pytest.approx(0.015, rel=0.5)
    assert (found.detectable, found.reason, found.is_judged) == (None, "", True)


def test_a_level_that_comes_back_is_two_steps():
    assert places(find(history(2, 30, at_10=0.06, at_18=1 / 1.06 - 1))) == [10, 18]


def test_several_steps_are_found_in_the_order_of_time():
    found = find(history(3, 60, at_20=-0.1, at_40=0.08))
    assert places(found) == [20, 40]
    assert [step.size.centre > 0 for step in found.found] == [False, True]
    assert [(step.before, step.after) for step in found.found] == [(20, 20), (20, 20)]


def test_the_same_history_always_gives_the_same_answer():
    values = history(4, at_15=0.03)
    assert find(values) == find(values)


def test_without_a_step_it_is_said_what_would_have_been_found():
    found = find(history(5))
    assert found.found == ()
    assert found.detectable is not None
    assert 0.015 < found.detectable < 0.045
    changed = history(5) * np.repeat([1, 1 + 1.4 * found.detectable], 10)
    assert len(find(changed).found) == 1


def test_fewer_runs_than_could_show_a_step_get_no_verdict():
    assert [least_runs(FALSE_ALARMS / rows) for rows in (1, 2, 4, 10)] == [8, 10, 11, 12]
    found = find([100] * 3 + [200] * 4)
    assert (found.found, found.detectable, found.is_judged) == ((), None, False)
    assert found.reason == "too few runs for any verdict: 7, of 8 at least"
    assert len(find([100, 101, 100.5, 102, 200, 201, 202, 203]).found) == 1


def test_how_many_runs_after_a_step_show_it():
    late = history(6, 20, at_18=0.2)
    assert places(find(late)) == [18]
    assert places(find(late[:-1])) == []


def test_one_run_that_is_slow_is_no_step():
    values = history(9)
    for place in (0, 9, 19):
        slow = values.copy()
        slow[place] *= 0.7
        assert places(find(slow)) == []


def test_a_drift_is_no_step_and_is_told():
    drifting = find(history(8, 30) * 1.01 ** np.arange(30))
    assert drifting.found == ()
    assert drifting.reason.startswith("drifting: +1.0")
    assert drifting.reason.endswith(" % a run")


def test_what_is_nearly_a_drift_is_told_as_both():
    levels = dict.fromkeys(("at_5", "at_10", "at_15"), 0.03)
    reasons = [find(history(seed, 20, **levels)).reason for seed in range(12)]
    assert any(re.fullmatch(r"drifting: \+0\.\d\d % a run", reason) for reason in reasons)
    assert any(re.fullmatch(r"or drifting: \+0\.\d\d % a run, which describes .*", reason) for reason in reasons)


def test_runs_that_resemble_the_one_before_are_doubtful():
    noise = np.random.default_rng(11).standard_normal(100)
    for run in range(1, 100):
        noise[run] = 0.7 * noise[run - 1] + 0.7 * noise[run]
    assert find(100 * np.exp(0.015 * noise)).reason == RESEMBLES


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], "no run"),
        ([1.0] * 9 + [0.0], "not all are positive numbers"),
        ([1.0] * 9 + [math.nan], "not all are positive numbers"),
    ],
)
def test_what_is_no_figure_gets_no_verdict(values, reason):
    found = find(values)
    assert (found.found, found.spread, found.detectable, found.is_judged) == ((), None, None, False)
    assert found.reason == reason


def test_equal_figures_have_no_step():
    found = find([100.0] * 20)
    assert (found.found, found.spread, found.detectable, found.reason) == ((), 0, 0, "")


@pytest.mark.slow
def test_of_many_histories_most_steps_are_found_and_few_are_made_up():
    """The calibration in small: `experiments/steps.py` has the whole."""
    found = [places(find(history(seed, at_11=0.05))) for seed in range(100, 140)]
    near = [any(abs(place - 11) <= 1 for place in steps) for steps in found]
    assert sum(near) >= 36
    assert sum(bool(places(find(history(seed)))) for seed in range(100, 140)) <= 4
