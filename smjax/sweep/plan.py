"""From scenarios to the order in which worker processes run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smjax.core.scenario import Scenario


@dataclass(frozen=True)
class Run:
    """One worker process to be."""

    scenario: Scenario
    replicate: int


def plan_runs(scenarios: Sequence[Scenario]) -> list[Run]:
    """Every replicate of every distinct scenario, interleaved, so that a slow spell of the host hits all alike."""
    distinct = list(dict.fromkeys(scenarios))
    rounds = max((scenario.measure.replicates for scenario in distinct), default=0)
    return [
        Run(scenario, replicate)
        for replicate in range(rounds)
        for scenario in distinct
        if replicate < scenario.measure.replicates
    ]
