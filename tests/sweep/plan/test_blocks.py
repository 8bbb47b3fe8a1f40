"""The order of a sweep's processes: blocks, repeats, and more where an interval is wide."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Callable

import pytest

from smjax.core.records.document import made_record
from smjax.core.records.scenario import Measure, Scenario
from smjax.sweep.plan.blocks import Plan, Process, Run, Standing, process_of
from tests.report.factory import record, sample
from tests.sweep.points import chosen

ONE = Scenario(
    "stories-15m", None, "smjax", "auto", "auto", 1, 256, 128, 128, 1, "auto", 42, Measure(3, 5, 1, 600.0)
)  # fmt: skip
TWO, FOUR = (dataclasses.replace(ONE, threads=threads) for threads in (2, 4))
GOOD = Process(ok=True, disturbed=False, attempt=0, wall_s=1.0, decode_tok_per_s=100.0)
BAD = Process(ok=False, disturbed=False, attempt=0, wall_s=1.0, decode_tok_per_s=None)
Outcomes = Callable[[Run], Process]


def ran(standings: list[Standing], outcome: Outcomes, budget_s: float = 0, seed: int = 1, **options: bool) -> list[Run]:
    """All runs of a plan whose processes end as told."""
    runs: list[Run] = []
    plan = Plan(standings, seed=seed, budget_s=budget_s, **options)
    for run in plan.runs():
        process = dataclasses.replace(outcome(run), attempt=run.attempt)
        plan.finished(run, process)
        runs.append(run)
        assert len(runs) < 1000, "does not end"
    return runs


def fresh(*scenarios: Scenario) -> list[Standing]:
    return [Standing(chosen(scenario), {}) for scenario in scenarios]


def with_measure(scenario: Scenario, **changes: float) -> Scenario:
    return dataclasses.replace(scenario, measure=dataclasses.replace(scenario.measure, **changes))


def noisy(relative: float, seed: int = 5) -> Outcomes:
    rng = random.Random(seed)
    return lambda run: dataclasses.replace(GOOD, decode_tok_per_s=100 * rng.lognormvariate(0, relative))


def test_every_block_has_one_process_of_each_scenario() -> None:
    runs = ran(fresh(ONE, TWO, FOUR), lambda run: GOOD)
    assert len(runs) == 9
    for block, of_block in itertools.groupby(runs, lambda run: run.block):
        assert sorted((run.scenario.threads, run.replicate) for run in of_block) == [(n, block) for n in (1, 2, 4)]


def test_the_order_within_blocks_is_random_and_follows_from_the_seed() -> None:
    def order(seed: int) -> tuple[int, ...]:
        return tuple(run.scenario.threads for run in ran(fresh(ONE, TWO, FOUR), lambda run: GOOD, seed=seed))

    orders = {order(seed) for seed in range(20)}
    assert len(orders) > 10
    assert len({threads[:3] for threads in orders}) == 6
    assert order(7) == order(7)


def test_nothing_is_planned_for_nothing() -> None:
    assert ran([], lambda run: GOOD, budget_s=100) == []


def test_a_narrow_interval_gets_no_more_than_the_least() -> None:
    assert len(ran(fresh(ONE), noisy(0.001), budget_s=1000)) == 3


def test_a_wide_interval_gets_more_until_it_is_narrow() -> None:
    standings = fresh(ONE)
    runs = ran(standings, noisy(0.03), budget_s=900)
    assert 3 < len(runs) < 100
    assert standings[0].width is not None
    assert standings[0].width <= ONE.measure.target_ci
    assert [run.replicate for run in runs] == list(range(len(runs)))


def test_no_process_is_added_that_would_end_beyond_the_budget() -> None:
    assert len(ran(fresh(ONE), noisy(0.5), budget_s=20)) == 20
    assert len(ran(fresh(ONE), noisy(0.5), budget_s=20.9)) == 20
    assert len(ran(fresh(ONE), noisy(0.5), budget_s=1)) == 3


def test_the_widest_against_its_target_comes_first() -> None:
    wide, narrow = ONE, with_measure(TWO, target_ci=0.5)
    outcomes = {1: noisy(0.2), 2: noisy(0.2)}
    runs = ran(fresh(narrow, wide), lambda run: outcomes[run.scenario.threads](run), budget_s=30)
    assert {run.scenario.threads for run in runs[6:10]} == {1}


def test_one_process_has_no_interval_to_narrow() -> None:
    assert len(ran(fresh(with_measure(ONE, replicates=1)), noisy(0.5), budget_s=100)) == 1


def test_a_disturbed_process_is_repeated_once_in_its_slot() -> None:
    disturbed = dataclasses.replace(GOOD, disturbed=True)
    runs = ran(fresh(ONE), lambda run: disturbed if run.replicate == 1 else GOOD, budget_s=100)
    assert [(run.replicate, run.attempt) for run in runs] == [(0, 0), (1, 0), (1, 1), (2, 0)]


def test_beyond_the_budget_a_disturbed_process_stays_as_it_is() -> None:
    runs = ran(fresh(ONE), lambda run: dataclasses.replace(GOOD, disturbed=True), budget_s=2)
    assert [(run.replicate, run.attempt) for run in runs] == [(0, 0), (0, 1), (1, 0), (2, 0)]


def test_a_repeat_that_fails_leaves_what_was_there() -> None:
    standings = fresh(with_measure(ONE, replicates=1))
    disturbed = dataclasses.replace(GOOD, disturbed=True)
    runs = ran(standings, lambda run: BAD if run.attempt else disturbed, budget_s=100)
    assert len(runs) == 2
    assert standings[0].slots[0] == dataclasses.replace(disturbed, attempt=1)
    assert standings[0].failures == 0


@pytest.mark.parametrize(("failing", "expected"), [({0, 1, 2}, 2), ({0}, 3), ({1, 2}, 3)])
def test_a_scenario_that_only_fails_is_given_up(failing: set[int], expected: int) -> None:
    runs = ran(fresh(ONE), lambda run: BAD if run.replicate in failing else GOOD, budget_s=100)
    assert len(runs) == expected


def test_what_is_measured_already_does_not_run_again() -> None:
    runs = ran(
        [Standing(chosen(ONE), {0: GOOD, 2: GOOD}), Standing(chosen(TWO), dict.fromkeys(range(3), GOOD))],
        lambda run: GOOD,
    )
    assert [(run.scenario.threads, run.replicate) for run in runs] == [(1, 1)]


def test_a_sweep_that_has_spent_its_budget_is_over_in_later_sessions_too() -> None:
    standings = fresh(ONE)
    assert len(ran(standings, noisy(0.5), budget_s=20)) == 20
    assert ran(standings, noisy(0.5), budget_s=20) == []
    assert len(ran(standings, noisy(0.5), budget_s=25)) == 5


def test_failed_ones_run_again_where_that_is_asked() -> None:
    def slots() -> list[Standing]:
        return [Standing(chosen(ONE), {0: GOOD, 1: BAD, 2: GOOD})]

    assert ran(slots(), lambda run: GOOD) == []
    (run,) = ran(slots(), lambda run: GOOD, retry_failed=True)
    assert (run.replicate, run.attempt) == (1, 1)


def test_a_plan_knows_how_much_is_left() -> None:
    plan = Plan(fresh(ONE, TWO), seed=1, budget_s=0)
    assert (plan.total, plan.left_s) == (6, None)
    for run in itertools.islice(plan.runs(), 2):
        plan.finished(run, dataclasses.replace(GOOD, wall_s=2.0 * run.scenario.threads))
    assert (plan.total, plan.ended, plan.left_s) == (6, 2, 12)
    assert plan.all_ok
    plan.finished(Run(chosen(ONE), 1), BAD)
    assert not plan.all_ok


def test_a_record_tells_what_a_plan_needs() -> None:
    samples = [sample(decode_ms) for decode_ms in (1000, 2000, 10000)]
    whole = record(samples, flags=["disturbed"], n_gen=129) | {"wall_ns": 3 * 10**9}
    assert process_of(made_record(whole)) == Process(True, True, 0, 3.0, 64.0)
    failed = made_record({**whole, "status": "failed", "attempt": 1})
    assert process_of(failed) == Process(False, True, 1, 3.0, None)
