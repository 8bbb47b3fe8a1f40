"""A sweep that goes on: it decides the same, keeps its order, and makes up for what it left."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from smjax.sweep.plan.standing import Process, Run, Standing
from tests.sweep.plan.plans import BAD, DISTURBED, GOOD, ONE, TWO, fresh, labelled, noisy, ran, rounds, troubled
from tests.sweep.points import chosen

SEEDS = range(12)


def test_a_repeat_counts_for_the_decision_and_one_that_was_left_is_made_before_it() -> None:
    """A sweep that was stopped before the repeat of its last process decides as if it had not been."""
    rates = noisy(0.02)

    def ends(run: Run) -> Process:
        is_last = run.replicate == 4 and not run.attempt
        return dataclasses.replace(DISTURBED, rate=10.0) if is_last else rates(run)

    whole, halves = fresh(ONE), fresh(ONE)
    ran(whole, ends, budget_s=100)
    ran(halves, ends, budget_s=100, stop=5)
    ran(halves, ends, budget_s=100)
    assert halves[0].slots == whole[0].slots


def test_what_is_measured_already_does_not_run_again() -> None:
    runs = ran(
        [
            Standing(chosen(ONE), dict.fromkeys((0, 2, 3, 4), GOOD)),
            Standing(chosen(TWO), dict.fromkeys(range(5), GOOD)),
        ],
        lambda run: GOOD,
    )
    assert [(run.scenario.threads, run.replicate) for run in runs] == [(1, 1)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_sweep_that_is_stopped_anywhere_ends_like_one_that_is_not(seed: int) -> None:
    """The same processes of each scenario, in the same order within each block, however often it goes on."""
    scenarios = [*labelled(ONE, "a", "b", "c"), TWO]
    rates = noisy(0.02, seed)
    whole = fresh(*scenarios)
    expected = ran(whole, rates, budget_s=40, seed=seed)
    stopped, told = fresh(*scenarios), list[Run]()
    for stop in (3, 1, 9, 5, 1000):
        first_round = max((run.block + 1 for run in told), default=0)
        told += ran(stopped, rates, budget_s=40, seed=seed, stop=stop, first_round=first_round)
    assert [standing.slots for standing in stopped] == [standing.slots for standing in whole]

    def of_first_block(runs: list[Run]) -> list[tuple[str, int]]:
        return [(run.scenario.label, run.replicate) for run in runs if run.scenario.threads == 1]

    assert of_first_block(told) == of_first_block(expected)
    apart = [Counter((run.scenario, run.block) for run in runs) for runs in (told, expected)]
    assert all(set(count.values()) == {1} for count in apart), "no round has two of one scenario"


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_disturbed_or_failed_on_the_way_changes_nothing_of_that(seed: int) -> None:
    scenarios, ends = [*labelled(ONE, "a", "b", "c"), TWO], troubled(seed)
    whole, stopped, first_round = fresh(*scenarios), fresh(*scenarios), 0
    ran(whole, ends, budget_s=1000, seed=seed)
    for stop in (3, 1, 9, 5, 8, 1000):
        told = ran(stopped, ends, budget_s=1000, seed=seed, stop=stop, first_round=first_round)
        first_round = max((run.block + 1 for run in told), default=first_round)
    assert [standing.slots for standing in stopped] == [standing.slots for standing in whole]


def test_one_that_is_behind_catches_up_before_its_block_goes_on() -> None:
    """As in a folder of before, where the widest alone got more, or where a value is added to an axis."""
    ahead, behind = fresh(*labelled(ONE, "a", "b"))
    rates = noisy(0.05)
    for slot in range(8):
        ahead.add(slot, rates(Run(ahead.resolved, slot)))
    runs = ran([ahead, behind], rates, budget_s=1000)
    assert [run.scenario.label for run in runs[:8]] == ["b"] * 8
    assert len(ahead.slots) == len(behind.slots) == max(ahead.wanted, behind.wanted) > 8
    assert all(len(of_round) == 2 for _, of_round in rounds(runs[8:]))


def test_a_sweep_that_has_spent_its_budget_is_over_in_later_sessions_too() -> None:
    standings = fresh(ONE)
    assert len(ran(standings, noisy(0.5), budget_s=20)) == 20
    assert ran(standings, noisy(0.5), budget_s=20) == []
    assert len(ran(standings, noisy(0.5), budget_s=25)) == 5


def test_failed_ones_run_again_where_that_is_asked() -> None:
    def slots() -> list[Standing]:
        return [Standing(chosen(ONE), {0: GOOD, 1: BAD, **dict.fromkeys((2, 3, 4), GOOD)})]

    assert ran(slots(), lambda run: GOOD) == []
    (run,) = ran(slots(), lambda run: GOOD, retry_failed=True, first_round=5)
    assert (run.replicate, run.attempt, run.block) == (1, 1, 5)


def test_rounds_go_on_counting_after_what_was_repeated() -> None:
    standings = [Standing(chosen(ONE), {0: GOOD, 1: BAD})]
    runs = ran(standings, lambda run: GOOD, retry_failed=True, first_round=2)
    assert [(run.replicate, run.attempt, run.block) for run in runs] == [(1, 1, 2), (2, 0, 3), (3, 0, 4), (4, 0, 5)]
