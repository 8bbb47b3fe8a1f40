"""Does `smjax trend` find the steps of a history, and only these? By simulation; no machine is measured.

    python experiments/steps.py [--draws 1000]

Prints, as Markdown, how often a step is found at its run or the one beside it, how often another is told that is none,
and how often the interval of its size holds that: in histories of independent runs, of runs of which some are much
slower, and of runs that resemble the one before. It takes about ten minutes on two quiet cores.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from smjax.stats.intervals import LEVEL
from smjax.stats.steps import FALSE_ALARMS, Steps, find

SPREAD = 0.015


@dataclass(frozen=True)
class Case:
    """A way in which histories come about: normal logarithms around a level that changes."""

    name: str
    runs: int = 20
    step: float = 0.0
    """As a share."""
    at: tuple[int, ...] = ()
    """Places of the first runs after a step; each second one goes back."""
    stragglers: float = 0.0
    """Share of the runs that is up to 25 % slower."""
    lag: float = 0.0
    """Correlation of a run with the one before."""
    drift: float = 0.0
    """A run."""
    rows: int = 1
    """In the table, of which this is one."""

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Logarithms of the runs' figures."""
        logs = rng.standard_normal(self.runs)
        for run in range(1, self.runs):
            logs[run] = self.lag * logs[run - 1] + math.sqrt(1 - self.lag**2) * logs[run]
        slower = np.where(rng.random(self.runs) < self.stragglers, np.log1p(-0.25 * rng.random(self.runs)), 0)
        changed = sum(np.arange(self.runs) >= place for place in self.at) % 2 if self.at else 0
        return SPREAD * logs + slower + changed * math.log1p(self.step) + self.drift * np.arange(self.runs)


WITHOUT = (
    *(Case(f"{runs} runs", runs) for runs in (8, 10, 20, 30, 100)),
    Case("20 runs, one of ten rows", rows=10),
    *(Case(f"20 runs, {100 * share:.0f} % up to 25 % slower", stragglers=share) for share in (0.05, 0.1)),
    Case("20 runs, the last one alone 15 % slower", step=-0.15, at=(19,)),
    *(Case(f"{runs} runs, lag-1 correlation {lag}", runs, lag=lag) for lag in (0.3, 0.6) for runs in (20, 50)),
    Case("20 runs, drift 0.3 % a run", drift=0.003),
)
TWELFTH = Case("20 runs, 5 % at the twelfth", step=0.05, at=(11,))
WITH = (
    *(
        replace(TWELFTH, name=f"20 runs, {100 * step:.0f} % at the twelfth", step=step)
        for step in (0.02, 0.03, 0.05, 0.1)
    ),
    replace(TWELFTH, name="the same 5 %, one of ten rows", rows=10),
    *(Case(f"10 runs, {100 * step:.0f} % at the sixth", 10, step, (5,)) for step in (0.03, 0.05, 0.1)),
    *(Case(f"30 runs, {100 * step:.0f} % at the 18th", 30, step, (17,)) for step in (0.03, 0.05, 0.1)),
    *(Case(f"20 runs, 5 %, {after} runs since", step=0.05, at=(20 - after,)) for after in (2, 3, 5)),
    Case("30 runs, 5 %, 2 runs since", 30, 0.05, (28,)),
    Case("20 runs, 5 % at the 8th, back at the 14th", step=0.05, at=(7, 13)),
    Case("40 runs, 5 % at the 15th, back at the 29th", 40, 0.05, (14, 28)),
    *(replace(TWELFTH, name=f"20 runs, 5 %, {100 * s:.0f} % up to 25 % slower", stragglers=s) for s in (0.05, 0.1)),
    *(replace(TWELFTH, name=f"20 runs, 5 %, lag-1 correlation {lag}", lag=lag) for lag in (0.3, 0.6)),
)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1000)
    draws = parser.parse_args().draws
    with ProcessPoolExecutor() as pool:
        table(
            ("no step", "told one", "of these told doubtful"),
            zip_names(WITHOUT, pool.map(alarms, *work(WITHOUT, draws))),
        )
        heading = ("a step", "found within one run", "at its run", "told another", "interval holds the size")
        table(heading, zip_names(WITH, pool.map(finds, *work(WITH, draws))))
        sizes = tuple(Case(f"{runs} runs, as large as `detectable` said without it", runs) for runs in (10, 20, 30))
        table(("a step in the middle", "found"), zip_names(sizes, pool.map(detectable, *work(sizes, draws))))


def work(cases: Sequence[Case], draws: int) -> tuple[Sequence[Case], Sequence[int]]:
    """Arguments of the functions below."""
    return cases, [draws] * len(cases)


def zip_names(cases: Sequence[Case], cells: Iterator[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Rows of a table."""
    return ((case.name, *row) for case, row in zip(cases, cells, strict=True))


def table(heading: Sequence[str], rows: Iterator[Sequence[str]]) -> None:
    """A Markdown table, row by row."""
    print("|", " | ".join(heading), "|\n| --- |" + " ---: |" * (len(heading) - 1))
    for row in rows:
        print("|", " | ".join(row), "|", flush=True)
    print()


def histories(case: Case, draws: int) -> Iterator[np.ndarray]:
    """Always the same ones."""
    rng = np.random.default_rng(7)
    return (case.draw(rng) for _ in range(draws))


def told(case: Case, logs: np.ndarray) -> Steps:
    """What is found in a history."""
    return find(100 * np.exp(logs), FALSE_ALARMS / case.rows)


def alarms(case: Case, draws: int) -> Sequence[str]:
    """Share of histories in which a step is told, and of these, those with a doubt beside it."""
    found = [told(case, logs) for logs in histories(case, draws)]
    wrong = [one for one in found if one.found]
    return percent(len(wrong) / draws), percent(np.mean([bool(one.reason) for one in wrong])) if wrong else ""


def finds(case: Case, draws: int) -> Sequence[str]:
    """Shares of histories in which all steps are found, of those that tell another, and of intervals that hold."""
    near, exact, others, held = [], [], [], []
    for logs in histories(case, draws):
        steps = told(case, logs).found
        off = [min((abs(step.first - place) for step in steps), default=case.runs) for place in case.at]
        near.append(max(off) <= 1)
        exact.append(max(off) == 0)
        others.append(any(min(abs(step.first - place) for place in case.at) > 1 for step in steps))
        true = [step for step in steps if min(abs(step.first - place) for place in case.at) <= 1]
        held += [abs(abs(step.size.centre) - math.log1p(case.step)) <= step.size.reach(LEVEL) for step in true]
    return *(percent(np.mean(shares)) for shares in (near, exact, others)), percent(np.mean(held)) if held else ""


def detectable(case: Case, draws: int) -> Sequence[str]:
    """Share of histories in which a step is found that is as large as the history said that it could find."""
    found, changed = [], np.arange(case.runs) >= case.runs // 2
    for logs in histories(case, draws):
        without = told(case, logs)
        if without.detectable is not None:
            found.append(bool(told(case, logs + changed * math.log1p(without.detectable)).found))
    return (percent(np.mean(found)),)


def percent(share: float) -> str:
    """As a table has it."""
    return f"{share:.1%}".replace("%", " %")


if __name__ == "__main__":
    main()
