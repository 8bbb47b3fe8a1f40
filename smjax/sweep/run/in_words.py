"""Scenarios, processes and times of a sweep under way as a person reads them, in a few words each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from smjax.core.numbers import listed, plural, plus_minus, significant
from smjax.core.records.scenario import Scenario
from smjax.core.text import printable
from smjax.sweep.plan.figure import unit
from smjax.sweep.plan.plan import Plan
from smjax.sweep.plan.standing import Run, Standing
from smjax.sweep.process.launcher import Outcome

_UNTIMED_S = 1.3
"""Of a process with a small model: it starts, loads, warms up and checks itself."""
_UNTIMED_POINT_S = 0.5
"""Of each point of a microbenchmark: it compiles, checks itself, and has a few samples however little time there is."""


def point(scenario: Scenario) -> str:
    """A scenario in a few words."""
    s = scenario
    if s.points:
        return f"{_points(s)} kernel={s.kernel}{'' if s.isa == 'auto' else f' isa={s.isa}'} threads={s.threads}"
    return f"{printable(s.model_path or s.model, limit=None)} threads={s.threads} ctx={s.ctx} n_gen={s.n_gen}"


def _points(scenario: Scenario) -> str:
    first, *others = (printable(f"{one.op} {one.shape}".strip(), limit=None) for one in scenario.points)
    return f"{first} and {len(others)} more" if others else first


def opening(scenarios: Sequence[Scenario], budget_s: float, folder: Path) -> str:
    """What is about to be measured, how long it takes about, and where it goes."""
    first = scenarios[0]
    models = listed(list(dict.fromkeys(printable(one.model_path or one.model, limit=None) for one in scenarios)))
    what = (
        point(first) if len(scenarios) == 1 else f"{len(scenarios)} scenarios{'' if first.points else f' of {models}'}"
    )
    processes = sum(one.measure.replicates for one in scenarios)
    least_s = sum(one.measure.replicates * _process_s(one) for one in scenarios)
    most = f" to {duration(budget_s)}" if budget_s > least_s else " or more"
    return (
        f"measuring {what}, in {plural(processes, 'process', 'processes')} at least, each from its start: "
        f"about {duration(least_s)}{most}; files go to {folder}"
    )


def _process_s(scenario: Scenario) -> float:
    """About how long one takes, whose model is small; points share the time for samples."""
    return _UNTIMED_S + scenario.measure.sampling_s + _UNTIMED_POINT_S * len(scenario.points)


def label(run: Run) -> str:
    """A run in a few words."""
    least, number = run.scenario.measure.replicates, run.replicate + 1
    again = ", again" if run.attempt else ""
    if number > least:
        return f"{point(run.scenario)} replicate {number}, for a narrower interval{again}"
    return point(run.scenario) + (f" replicate {number}/{least}{again}" if least > 1 else again)


def ended(run: Run, plan: Plan, outcome: Outcome) -> str:
    """What became of a run, in one line."""
    text = f"[{plan.ended}/{plan.total}] {label(run)}: {outcome.status}, {outcome.wall_ns / 1e9:.1f} s"
    detail = printable(outcome.reason, limit=None) or _figure(run, plan)
    return f"{text}: {detail}" if detail else text


def left(plan: Plan) -> str:
    """How long the rest takes if it is like the workers so far, and the time of day, which stays true unredrawn."""
    left_s = plan.left_s
    if not left_s:
        return ""
    until = time.strftime("%H:%M:%S", time.localtime(time.time() + left_s))
    return f"about {duration(left_s)} left, until {until}"


def why(run: Run, plan: Plan) -> str:
    """Why this run is worth its time."""
    standing, measure = plan.standings[run.resolved], run.scenario.measure
    if run.attempt:
        return "once more, as it was disturbed or failed"
    if standing.first == 1:
        return "one process of each row was asked for"
    if run.replicate < standing.first:
        return f"the first {standing.first} processes of each row say by their spread how many more there are to be"
    found, target = standing.interval, plus_minus(measure.target_ci)
    known = found.reason if found.half_width is None else plus_minus(found.half_width)
    return f"{known} by now; after {standing.first} it, or what it is compared with, was wider than {target}"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _figure(run: Run, plan: Plan) -> str:
    """The process's rate, what is known of the scenario so far, and whether something disturbed it."""
    standing = plan.standings[run.resolved]
    process = standing.slots[run.replicate]
    rate = f"{significant(process.rate)} {unit(run.scenario)}" if process.rate else ""
    failed = f", {plural(process.points_failed, 'op', 'ops')} failed" if process.points_failed else ""
    return f"{rate}{_so_far(standing)}{failed}{', disturbed' if process.disturbed else ''}"


def _so_far(standing: Standing) -> str:
    """How many processes the scenario has, and how uncertain they leave it, or why nobody can say."""
    found, count = standing.interval, len(standing.slots)
    if found.half_width is None:
        return f", {count} processes, {found.reason}" if found.testable else ""
    return f", {count} processes {plus_minus(found.half_width)}"
