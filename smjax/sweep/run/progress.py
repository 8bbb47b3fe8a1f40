"""What a person sees while workers run: drawn only when something happens, never while a worker is being timed."""

from __future__ import annotations

import time
from collections.abc import Iterable
from types import TracebackType

from rich.console import Console
from rich.text import Text

from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.sweep.plan.plan import Plan
from smjax.sweep.plan.standing import Run
from smjax.sweep.process.launcher import Outcome
from smjax.sweep.run.display import Display
from smjax.sweep.run.in_words import ended, label
from smjax.sweep.run.outside import DrawTable

NOW_AND_THEN_S = 10.0
"""Between two lines about what comes before the workers, where they stay."""


class Progress:
    """On a terminal the table of the records so far, drawn anew in its place; elsewhere one line per finished worker.

    What comes before the workers tells how far it is; without a terminal a line now and then. It has no thread.
    """

    def __init__(self, console: Console, draw_table: DrawTable | None = None) -> None:
        self._console = console
        can_redraw = console.is_terminal and not console.is_dumb_terminal
        self._display = Display(console, draw_table) if can_redraw else None
        self._doing, self._done, self._total = "", 0, 0
        self._is_ahead, self._told_s = False, time.monotonic()

    def __enter__(self) -> Progress:
        if self._display:
            self._display.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._display:
            self._display.stop()

    def preparing(self, what: str, done: int, total: int) -> None:
        """Something is done before any worker is timed, of which `total` things `done` are ready."""
        self._is_ahead, self._doing, self._done, self._total = True, what, done, total
        self.phase("getting ready")

    def recall(self, records: Iterable[Record]) -> None:
        """What was measured before, and belongs into the table."""
        if self._display:
            self._display.add(records)

    def starting(self, run: Run, plan: Plan) -> None:
        """The run's worker is about to start."""
        self._is_ahead = False
        self._doing, self._done, self._total = label(run), plan.ended, max(plan.total, 1)
        if self._display:
            self._display.starting(run, plan)
        self.phase("start")

    def phase(self, name: str) -> None:
        """The worker under way has reached the phase `name`."""
        if self._display:
            self._display.show(printable(name), self._doing, self._done, self._total)
        elif self._is_ahead and time.monotonic() - self._told_s >= NOW_AND_THEN_S:
            self._say(f"[{self._done}/{self._total}] {self._doing}: {printable(name)}")

    def finished(self, run: Run, plan: Plan, outcome: Outcome, record: Record) -> None:
        """The run's worker has ended, and the plan knows; of one that went well a table tells all."""
        if self._display:
            self._display.add([record])
        if self._display is None or not self._display.has_table or outcome.status != "ok":
            self._say(ended(run, plan, outcome), "" if outcome.status == "ok" else "red")

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style), soft_wrap=True)
        self._told_s = time.monotonic()
