"""What a person sees while workers run: drawn only when something happens, never while a worker is being timed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from smjax.sweep.launcher import Outcome
from smjax.sweep.plan import Run


class Progress:
    """A live line under one line per finished worker; without a terminal those lines alone. It has no thread."""

    def __init__(self, console: Console, runs: Sequence[Run]) -> None:
        self._console = console
        self._runs = runs
        self._walls_s: list[float] = []
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def phase(self, name: str) -> None:
        """The next run's worker has reached the phase `name`."""
        if self._live:
            self._live.update(self._now(name), refresh=True)

    def finished(self, outcome: Outcome) -> None:
        """The next run's worker has ended."""
        done, wall_s = len(self._walls_s), outcome.wall_ns / 1e9
        self._walls_s.append(wall_s)
        text = f"[{done + 1}/{len(self._runs)}] {label(self._runs[done])}: {outcome.status}, {wall_s:.1f} s"
        reason = f": {outcome.reason}" if outcome.reason else ""
        self._console.print(Text(text + reason, style="" if outcome.status == "ok" else "red"), soft_wrap=True)

    def _now(self, phase: str) -> RenderableType:
        done = len(self._walls_s)
        line = Table.grid(padding=(0, 1))
        line.add_column(width=20)
        line.add_column(no_wrap=True, overflow="ellipsis")
        text = f"{done}/{len(self._runs)} · {label(self._runs[done])}: {phase}{self._left()}"
        line.add_row(ProgressBar(total=len(self._runs), completed=done, width=20), text)
        return line

    def _left(self) -> str:
        """How long the rest takes if it is like the workers so far, and the time of day, which stays true unredrawn."""
        if not self._walls_s:
            return ""
        left_s = sum(self._walls_s) / len(self._walls_s) * (len(self._runs) - len(self._walls_s))
        until = time.strftime("%H:%M:%S", time.localtime(time.time() + left_s))
        return f" · about {duration(left_s)} left, until {until}"


def label(run: Run) -> str:
    """A run in a few words."""
    s = run.scenario
    replicate = f" replicate {run.replicate + 1}/{s.measure.replicates}" if s.measure.replicates > 1 else ""
    return f"{s.model_path or s.model} threads={s.threads} ctx={s.ctx} n_gen={s.n_gen}{replicate}"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
