"""The order of a sweep's processes: rounds of blocks, a second stage decided once, repeats, and a budget."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter

import pytest

from smjax.stats.stopping import LEAST_FIRST, MOST, needed
from smjax.sweep.plan.plan import Plan
from smjax.sweep.plan.standing import Process, Run, Standing
from tests.sweep.plan.plans import (
    BAD,
    DISTURBED,
    FOUR,
    GOOD,
    ONE,
    TWO,
    fresh,
    labelled,
    noisy,
    ran,
    rounds,
    troubled,
    with_measure,
)
from tests.sweep.points import chosen

SEEDS = range(12)


def counts(standings: list[Standing]) -> list[int]:
    return [len(standing.slots) for standing in standings]


def test_every_round_has_one_process_of_each_scenario() -> None:
    runs = ran(fresh(ONE, TWO, FOUR), lambda run: GOOD)
    assert len(runs) == 15
    for number, of_round in rounds(runs):
        assert sorted((run.scenario.threads, run.replicate) for run in of_round) == [(n, number) for n in (1, 2, 4)]


def test_blocks_come_in_random_order_that_follows_from_the_seed() -> None:
    def order(seed: int) -> tuple[int, ...]:
        return tuple(run.scenario.threads for run in ran(fresh(ONE, TWO, FOUR), lambda run: GOOD, seed=seed))

    orders = {order(seed) for seed in range(20)}
    assert len(orders) > 10
    assert len({threads[:3] for threads in orders}) == 6
    assert order(7) == order(7)


@pytest.mark.parametrize("seed", SEEDS)
def test_scenarios_that_only_a_comparison_tells_apart_run_side_by_side_and_take_turns(seed: int) -> None:
    scenarios = [*labelled(ONE, "a", "b", "c"), *labelled(TWO, "a", "b")]
    scenarios = [with_measure(one, replicates=6) for one in scenarios]
    places: Counter[tuple[int, int, str]] = Counter()
    for _, of_round in rounds(ran(fresh(*scenarios), lambda run: GOOD, seed=seed)):
        blocks = [list(block) for _, block in itertools.groupby(of_round, lambda run: run.scenario.threads)]
        assert sorted(len(block) for block in blocks) == [2, 3]
        for block in blocks:
            places.update((run.scenario.threads, place, run.scenario.label) for place, run in enumerate(block))
    assert {places[1, place, label] for place in range(3) for label in "abc"} == {2}
    assert {places[2, place, label] for place in range(2) for label in "ab"} == {3}


def test_nothing_is_planned_for_nothing() -> None:
    assert ran([], lambda run: GOOD, budget_s=100) == []


def test_a_narrow_first_stage_is_all() -> None:
    assert len(ran(fresh(ONE), noisy(0.001), budget_s=1000)) == 5


@pytest.mark.parametrize("replicates", [2, 3, 4])
@pytest.mark.parametrize("spread", [0.0001, 0.01])
def test_a_short_first_stage_goes_on_to_where_it_says_something_whatever_it_says(
    replicates: int, spread: float
) -> None:
    short = with_measure(ONE, replicates=replicates)
    rates = noisy(spread)
    first = [rates(Run(chosen(short), slot)).rate or 0 for slot in range(LEAST_FIRST)]
    assert len(ran(fresh(short), rates, budget_s=1000)) == needed(first, 0.02)
    assert len(ran(fresh(short), rates, budget_s=replicates + 1)) == replicates + 1
    assert len(ran(fresh(short), rates, budget_s=0)) == replicates


@pytest.mark.parametrize("seed", SEEDS)
def test_how_many_there_are_is_decided_once_by_the_first_stage(seed: int) -> None:
    """Whatever the later ones say: that they agree does not end it, and that they do not adds none."""
    rates = noisy(0.03, seed)
    first = [rates(Run(chosen(ONE), slot)).rate or 0 for slot in range(5)]

    def then(later: float) -> int:
        def ends(run: Run) -> Process:
            late = dataclasses.replace(GOOD, rate=later * (1 + run.replicate % 2))
            return rates(run) if run.replicate < 5 else late

        return len(ran(fresh(ONE), ends, budget_s=1000))

    assert then(1.0) == then(100.0) == then(1e6) == needed(first, 0.02)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("lost", [0, 2, 4])
def test_one_that_fails_in_a_first_stage_of_five_ends_no_row_early(seed: int, lost: int) -> None:
    rates = noisy(0.03, seed)
    left = [rates(Run(chosen(ONE), slot)).rate or 0 for slot in range(5) if slot != lost]

    def ends(run: Run) -> Process:
        return BAD if run.replicate == lost else rates(run)

    assert len(ran(fresh(ONE), ends, budget_s=1000)) == 1 + needed(left, 0.02)


def test_a_row_with_two_speeds_gets_all_that_there_may_be_as_far_as_the_budget_goes() -> None:
    scenario = with_measure(ONE, replicates=8)

    def two_speeds(run: Run) -> Process:
        return dataclasses.replace(GOOD, rate=(50 if run.replicate < 3 else 70) + run.replicate / 100)

    assert len(ran(fresh(scenario), two_speeds, budget_s=1000)) == MOST
    assert len(ran(fresh(scenario), two_speeds, budget_s=17.5)) == 17


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("budget_s", [0, 31, 44.5, 1000])
def test_extra_processes_are_whole_blocks_as_many_as_the_row_that_needs_most_asks_for(
    seed: int, budget_s: float
) -> None:
    """One block of a calm and a loud scenario, one of a very loud one: no half block, and nothing beyond the budget."""
    standings = fresh(*labelled(ONE, "calm", "loud"), TWO)
    spread = {"calm": noisy(0.001, seed), "loud": noisy(0.02, seed), "": noisy(0.05, seed)}
    runs = ran(standings, lambda run: spread[run.scenario.label](run), budget_s, seed)
    calm, loud, other = counts(standings)
    assert calm == loud
    for _, of_round in rounds(runs):
        sizes = Counter(run.scenario.threads for run in of_round)
        assert sizes[1] in (0, 2)
        assert sizes[2] in (0, 1)
    assert len(runs) <= max(15, budget_s)
    wanted = max(5, standings[1].wanted), max(5, standings[2].wanted)
    if budget_s == 1000:
        assert (calm, other) == wanted
    elif calm < wanted[0]:
        assert len(runs) + 2 > budget_s


def test_with_too_little_time_for_all_the_one_that_needs_most_comes_first() -> None:
    standings = fresh(ONE, TWO, FOUR)
    spread = {1: noisy(0.015), 2: noisy(0.05), 4: noisy(0.02)}
    ran(standings, lambda run: spread[run.scenario.threads](run), budget_s=16)
    assert standings[1].wanted > max(standings[0].wanted, standings[2].wanted) > 5
    assert counts(standings) == [5, 6, 5]


def test_one_process_has_nothing_to_add_to() -> None:
    assert len(ran(fresh(with_measure(ONE, replicates=1)), noisy(0.5), budget_s=100)) == 1


def test_a_disturbed_process_is_repeated_once_in_its_slot_and_its_round() -> None:
    runs = ran(fresh(ONE, TWO), lambda run: DISTURBED if run.replicate == 1 else GOOD, budget_s=100)
    (again,) = ([run for run in of_round if run.attempt] for number, of_round in rounds(runs) if number == 1)
    assert {(run.scenario.threads, run.replicate, run.attempt) for run in again} == {(1, 1, 1), (2, 1, 1)}
    assert [run.attempt for run in runs if run.block == 1] == [0, 0, 1, 1]
    assert len(runs) == 12


def test_beyond_the_budget_a_disturbed_process_stays_as_it_is() -> None:
    """The budget has to hold what must run still, too: of four seconds three are for that."""
    runs = ran(fresh(with_measure(ONE, replicates=3)), lambda run: DISTURBED, budget_s=4)
    assert [(run.replicate, run.attempt) for run in runs] == [(0, 0), (0, 1), (1, 0), (2, 0)]
    assert len(ran(fresh(with_measure(ONE, replicates=3)), lambda run: DISTURBED, budget_s=3)) == 3


@pytest.mark.parametrize("seed", SEEDS)
def test_repeats_leave_time_for_what_must_run_still(seed: int) -> None:
    """Four points of eight processes of 2.5 s, all disturbed: 80 s, and 40 of 120 for repeats."""
    scenarios = [with_measure(one, replicates=8) for one in (*labelled(ONE, "a", "b"), *labelled(FOUR, "a", "b"))]
    slow = dataclasses.replace(DISTURBED, wall_s=2.5)
    runs = ran(fresh(*scenarios), lambda run: slow, budget_s=120, seed=seed)
    assert (len(runs), sum(run.attempt == 0 for run in runs)) == (48, 32)


def test_a_scenario_that_is_given_up_keeps_no_time_from_repeats() -> None:
    standings = fresh(*labelled(with_measure(ONE, replicates=6), "good", "bad"))
    outcome = {"good": DISTURBED, "bad": BAD}
    runs = ran(standings, lambda run: outcome[run.scenario.label], budget_s=10)
    assert Counter(run.scenario.label for run in runs) == {"good": 8, "bad": 2}


def test_a_repeat_that_fails_leaves_what_was_there() -> None:
    standings = fresh(with_measure(ONE, replicates=1))
    runs = ran(standings, lambda run: BAD if run.attempt else DISTURBED, budget_s=100)
    assert len(runs) == 2
    assert standings[0].slots[0] == dataclasses.replace(DISTURBED, attempt=1)
    assert standings[0].failures == 0


@pytest.mark.parametrize(("failing", "expected"), [({0, 1, 2, 3, 4}, 2), ({1, 2}, 5)])
def test_a_scenario_that_only_fails_is_given_up_and_one_that_fails_often_gets_no_more(
    failing: set[int], expected: int
) -> None:
    standings = fresh(ONE)
    runs = ran(standings, lambda run: BAD if run.replicate in failing else GOOD, budget_s=100)
    assert len(runs) == expected


def test_the_others_of_a_block_go_on_without_one_that_fails() -> None:
    standings = fresh(*labelled(ONE, "good", "bad"))
    rates = noisy(0.03)
    ran(standings, lambda run: BAD if run.scenario.label == "bad" else rates(run), budget_s=1000)
    assert counts(standings) == [standings[0].wanted, 2]
    assert standings[0].wanted > 5


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("budget_s", [0, 12, 26.5, 40])
def test_nothing_but_the_least_number_runs_beyond_the_budget(seed: int, budget_s: float) -> None:
    runs = ran(fresh(*labelled(ONE, "a", "b", "c"), TWO), troubled(seed), budget_s, seed)
    assert len(runs) >= 2
    for place, run in enumerate(runs):
        assert place + 1 <= budget_s or (run.attempt == 0 and run.replicate < 5)


def test_a_plan_knows_how_much_is_left() -> None:
    plan = Plan(fresh(ONE, TWO), seed=1, budget_s=0)
    assert (plan.total, plan.left_s) == (10, None)
    for run in itertools.islice(plan.runs(), 2):
        plan.finished(run, dataclasses.replace(GOOD, wall_s=2.0 * run.scenario.threads))
    assert (plan.total, plan.ended, plan.left_s) == (10, 2, 24)
    assert plan.all_ok
    plan.finished(Run(chosen(ONE), 1), BAD)
    assert not plan.all_ok


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("budget_s", [30, 45, 1000])
def test_once_the_second_stage_is_decided_the_total_is_what_comes_true(seed: int, budget_s: float) -> None:
    standings = fresh(*labelled(ONE, "a", "b"), TWO)
    plan = Plan(standings, seed=seed, budget_s=budget_s)
    rates, totals, most = noisy(0.03, seed), [], []
    for run in plan.runs():
        totals.append(plan.total)
        most.append(plan.most)
        plan.finished(run, rates(run))
    assert set(totals[:15]) == {15}
    assert set(totals[15:]) <= {plan.ended}
    assert (plan.total, plan.left_s) == (plan.ended, 0)
    assert min(most) >= plan.ended, "it was never said to be fewer"
    assert most[15] <= min(3 * MOST, budget_s)
    assert plan.most - plan.ended in (0, 1), "of a block of two there may be room for one"
