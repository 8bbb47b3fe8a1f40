"""Sweeps that are planned and whose processes end as a test says."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

from smjax.core.records.scenario import Measure, Scenario
from smjax.sweep.plan.plan import Plan
from smjax.sweep.plan.standing import Process, Run, Standing
from tests.sweep.points import chosen

ONE = Scenario(
    "stories-15m", None, "smjax", "auto", "auto", 1, 256, 128, 128, 1, "auto", 42, Measure(5, 5, 1, 600.0)
)  # fmt: skip
TWO, FOUR = (dataclasses.replace(ONE, threads=threads) for threads in (2, 4))
GOOD = Process(ok=True, disturbed=False, attempt=0, wall_s=1.0, rate=100.0)
BAD = Process(ok=False, disturbed=False, attempt=0, wall_s=1.0, rate=None)
DISTURBED = dataclasses.replace(GOOD, disturbed=True)
Outcomes = Callable[[Run], Process]


def ran(
    standings: list[Standing], outcome: Outcomes, budget_s: float = 0, seed: int = 1, stop: int = 1000, **options: Any
) -> list[Run]:
    """All runs of a plan whose processes end as told, or the first so many of them."""
    plan = Plan(standings, seed=seed, budget_s=budget_s, **options)
    runs: list[Run] = []
    for run in itertools.islice(plan.runs(), stop):
        plan.finished(run, dataclasses.replace(outcome(run), attempt=run.attempt))
        runs.append(run)
        assert len(runs) < 1000, "does not end"
    return runs


def fresh(*scenarios: Scenario) -> list[Standing]:
    """Nothing has run yet."""
    return [Standing(chosen(scenario), {}) for scenario in scenarios]


def with_measure(scenario: Scenario, **changes: float) -> Scenario:
    """The scenario, measured otherwise."""
    return dataclasses.replace(scenario, measure=dataclasses.replace(scenario.measure, **changes))


def labelled(scenario: Scenario, *labels: str) -> list[Scenario]:
    """The scenarios of one block."""
    return [dataclasses.replace(scenario, label=label) for label in labels]


def noisy(relative: float, seed: int = 5) -> Outcomes:
    """Rates that spread so far, each the same whenever its process runs."""

    def rate(run: Run) -> float:
        name = f"{seed} {run.scenario.threads} {run.scenario.label} {run.replicate}"
        return 100 * random.Random(name).lognormvariate(0, relative)

    return lambda run: dataclasses.replace(GOOD, rate=rate(run))


def rounds(runs: list[Run]) -> Iterator[tuple[int, list[Run]]]:
    """Each round with its runs, in order."""
    for number, of_round in itertools.groupby(runs, lambda run: run.block):
        yield number, list(of_round)


def troubled(seed: int) -> Outcomes:
    """Rates that spread; one process in five is disturbed, one in twenty fails, each whenever it runs."""
    rates = noisy(0.02, seed)

    def ends(run: Run) -> Process:
        name = f"{seed} {run.scenario.threads} {run.scenario.label} {run.replicate} {run.attempt}"
        chance = random.Random(name).random()
        return BAD if chance < 0.05 else dataclasses.replace(rates(run), disturbed=chance < 0.25)

    return ends
