"""What is drawn on a terminal, always in the same place: the table so far, how the sweep stands, and what runs now."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.constrain import Constrain
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from smjax.core.numbers import plural
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.sweep.plan.plan import Plan
from smjax.sweep.plan.standing import Run
from smjax.sweep.run.in_words import duration, left, why
from smjax.sweep.run.outside import DrawTable

_BELOW = 4
"""Lines for what is not the table: how the sweep stands, why it goes on, what runs now; and the one below it, to which
`Live` goes when it ends: what that pushes off the screen cannot be erased."""
_SHARE = 0.05
"""Of the time at most goes into drawing up the table: of thousands of records it takes longer than their processes."""

_MOST_RECORDS = 500
"""Of more there is no table before the last: they would stay in memory, some 50 kB each, beside what is measured."""


class Display:
    """A rich `Live` without its thread: whoever tells it something has it drawn, and then nothing runs any more.

    The table is made only between two workers; while one is under way its lines are printed again as they are, which
    takes a millisecond.
    """

    def __init__(self, console: Console, draw_table: DrawTable | None) -> None:
        self._console, self._draw_table = console, draw_table
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._records: list[Record] = []
        self._table: Sequence[list[Segment]] = ()
        self._standing: Sequence[str] = ()
        self._began_s = time.monotonic()
        self._due_s = 0.0

    @property
    def has_table(self) -> bool:
        return bool(self._table)

    def start(self) -> None:
        self._live.start()

    def stop(self) -> None:
        """Leave nothing behind."""
        self._live.stop()

    def add(self, records: Iterable[Record]) -> None:
        """Make the table anew, if that was not done a moment ago."""
        self._records += records if self._draw_table else ()
        if len(self._records) > _MOST_RECORDS:
            self._draw_table, self._table, self._records = None, (), []
        begin_s = time.monotonic()
        if self._draw_table is None or not self._records or begin_s < self._due_s:
            return
        try:
            self._table = self._rendered(self._draw_table(self._records))
        except Exception as error:  # hours of measuring must not end with a table that is to come anyway
            self._draw_table, self._table = None, ()
            self._console.print(
                Text(f"smjax: no table before the end: {type(error).__name__}: {printable(str(error))}")
            )
        self._due_s = time.monotonic() + (time.monotonic() - begin_s) / _SHARE

    def _rendered(self, table: RenderableType) -> Sequence[list[Segment]]:
        options = self._console.options.copy()
        options.max_height = max(1, options.max_height - _BELOW)
        return self._console.render_lines(table, options, pad=False)

    def starting(self, run: Run, plan: Plan) -> None:
        """Say how the sweep stands before this run, and why it goes on."""
        most = f", {plan.most} at most" if plan.most > plan.total else ""
        took = duration(time.monotonic() - self._began_s)
        parts = f"{plan.ended} of {plural(plan.total, 'process', 'processes')}{most}", f"{took} so far", left(plan)
        self._standing = [" · ".join(filter(None, parts)), f"why it goes on: {why(run, plan)}"] if self._table else []

    def show(self, phase: str, doing: str, done: int, total: int) -> None:
        """Draw it: `done` of `total` are ready, and of what is `doing` this is the phase."""
        above: list[RenderableType] = []
        if self._table:
            above = [_Lines(self._table), *(_line(text, "dim") for text in self._standing)]
            now: RenderableType = _line(f"{phase} · {doing}", "bold")
        else:
            now = _bar(f"{done}/{total} · {phase} · {doing}", done, total)
        room_for_echo = self._console.width - len("^C")  # else a terminal writes that on a line of its own, which stays
        self._live.update(Group(*above, Constrain(now, room_for_echo)), refresh=True)


def _line(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _bar(text: str, done: int, total: int) -> RenderableType:
    line = Table.grid(padding=(0, 1))
    line.add_column(width=20)
    line.add_column(no_wrap=True, overflow="ellipsis")
    line.add_row(ProgressBar(total=max(total, 1), completed=done, width=20), text)
    return line


class _Lines:
    """Lines that are rendered already."""

    def __init__(self, lines: Sequence[list[Segment]]) -> None:
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self._lines:
            yield from line
            yield Segment.line()
