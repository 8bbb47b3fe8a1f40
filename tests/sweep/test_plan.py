from __future__ import annotations

import dataclasses

from smjax.core.scenario import Measure, Scenario
from smjax.sweep.plan import plan_runs

ONE = Scenario(
    "stories-15m", None, "smjax", "auto", "auto", 1, 256, 128, 128, 1, "auto", 42, Measure(2, 5, 1, 600.0)
)  # fmt: skip
TWO = dataclasses.replace(ONE, threads=2)
LONE = dataclasses.replace(ONE, threads=4, measure=Measure(1, 5, 1, 600.0))


def test_replicates_are_interleaved() -> None:
    runs = [(run.scenario.threads, run.replicate) for run in plan_runs([ONE, TWO, LONE])]
    assert runs == [(1, 0), (2, 0), (4, 0), (1, 1), (2, 1)]


def test_a_scenario_runs_once_however_often_it_is_asked_for() -> None:
    again = Scenario.from_json(ONE.to_json())
    assert [run.scenario for run in plan_runs([ONE, TWO, again])] == [ONE, TWO, ONE, TWO]


def test_nothing_is_planned_for_nothing() -> None:
    assert plan_runs([]) == []
