"""What a person sees while workers run: drawn only when something happens, never while a worker is being timed."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from smjax.core.numbers import plural, plus_minus, significant
from smjax.core.records.scenario import Scenario
from smjax.core.text import printable
from smjax.sweep.plan.figure import unit
from smjax.sweep.plan.plan import Plan
from smjax.sweep.plan.standing import Run, Standing
from smjax.sweep.process.launcher import Outcome

NOW_AND_THEN_S = 10.0
"""Between two lines about what comes before the workers, where they stay."""


class Progress:
    """A live line under one line per finished worker; without a terminal those lines alone. It has no thread.

    What comes before the workers tells how far it is on that line too; without a terminal a line now and then.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._doing, self._done, self._total = "", 0, 0
        self._is_ahead, self._told_s = False, time.monotonic()

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def preparing(self, what: str, done: int, total: int) -> None:
        """Something is done before any worker is timed, of which `total` things `done` are ready."""
        self._is_ahead, self._doing, self._done, self._total = True, what, done, total
        self.phase("getting ready")

    def starting(self, run: Run, plan: Plan) -> None:
        """The run's worker is about to start."""
        self._is_ahead = False
        self._doing, self._done, self._total = f"{label(run, plan)}{_left(plan)}", plan.ended, max(plan.total, 1)
        self.phase("start")

    def phase(self, name: str) -> None:
        """The worker under way has reached the phase `name`."""
        if self._live:
            self._live.update(self._now(printable(name)), refresh=True)
        elif self._is_ahead and time.monotonic() - self._told_s >= NOW_AND_THEN_S:
            self._say(f"[{self._done}/{self._total}] {self._doing}: {printable(name)}")

    def finished(self, run: Run, plan: Plan, outcome: Outcome) -> None:
        """The run's worker has ended, and the plan knows."""
        text = f"[{plan.ended}/{plan.total}] {label(run, plan)}: {outcome.status}, {outcome.wall_ns / 1e9:.1f} s"
        detail = printable(outcome.reason, limit=None) or _figure(run, plan)
        style = "" if outcome.status == "ok" else "red"
        self._say(f"{text}: {detail}" if detail else text, style)

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style), soft_wrap=True)
        self._told_s = time.monotonic()

    def _now(self, phase: str) -> RenderableType:
        line = Table.grid(padding=(0, 1))
        line.add_column(width=20)
        line.add_column(no_wrap=True, overflow="ellipsis")
        bar = ProgressBar(total=max(self._total, 1), completed=self._done, width=20)
        line.add_row(bar, f"{self._done}/{self._total} · {phase} · {self._doing}")
        return line


def point(scenario: Scenario) -> str:
    """A scenario in a few words."""
    s = scenario
    if s.points:
        return f"{_points(s)} kernel={s.kernel}{'' if s.isa == 'auto' else f' isa={s.isa}'} threads={s.threads}"
    return f"{printable(s.model_path or s.model, limit=None)} threads={s.threads} ctx={s.ctx} n_gen={s.n_gen}"


def _points(scenario: Scenario) -> str:
    first, *others = (printable(f"{one.op} {one.shape}".strip(), limit=None) for one in scenario.points)
    return f"{first} and {len(others)} more" if others else first


def label(run: Run, plan: Plan) -> str:
    """A run in a few words."""
    least, number = run.scenario.measure.replicates, run.replicate + 1
    again = ", again" if run.attempt else ""
    if number > least:
        return f"{point(run.scenario)} replicate {number}, for a narrower interval{again}"
    return point(run.scenario) + (f" replicate {number}/{least}{again}" if least > 1 else again)


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


def _left(plan: Plan) -> str:
    """How long the rest takes if it is like the workers so far, and the time of day, which stays true unredrawn."""
    left_s = plan.left_s
    if not left_s:
        return ""
    until = time.strftime("%H:%M:%S", time.localtime(time.time() + left_s))
    return f" · about {duration(left_s)} left, until {until}"
