from __future__ import annotations

import dataclasses
import io
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from smjax.core.records.point import Point
from smjax.core.records.record import Record
from smjax.core.records.scenario import Measure, Scenario
from smjax.sweep.plan.plan import Plan
from smjax.sweep.plan.standing import Process, Standing
from smjax.sweep.process.launcher import Outcome
from smjax.sweep.run.in_words import duration, opening
from smjax.sweep.run.outside import DrawTable
from smjax.sweep.run.progress import Progress
from tests.sweep.points import chosen

SCENARIO = Scenario(
    "stories-15m", None, "smjax", "auto", "auto", 2, 256, 128, 128, 1, "auto", 42, Measure(2, 5, 1, 600.0)
)  # fmt: skip
FAILED = (Outcome("failed", "it broke", 5_000_000_000), Process(False, False, 0, 5, None))
ENDS = [(Outcome("ok", "", 61_000_000_000), Process(True, False, 0, 61, rate)) for rate in (1000.0, 1010.0, 1020.0)]


RECORD = cast(Record, "a record")


def shown(
    is_terminal: bool,
    ends: list[tuple[Outcome, Process]],
    budget_s: float = 0,
    draw_table: DrawTable | None = None,
    height: int = 40,
) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=is_terminal, width=150, height=height, color_system=None)
    plan = Plan([Standing(chosen(SCENARIO), {})], seed=1, budget_s=budget_s)
    with Progress(console, draw_table) as progress:
        assert threading.active_count() == 1, "a thread would run beside the worker that is timed"
        progress.preparing("stories-15m", 2, 3)
        progress.phase("compile")
        for run, (outcome, process) in zip(plan.runs(), ends, strict=False):
            progress.starting(run, plan)
            progress.phase("measure")
            plan.finished(run, dataclasses.replace(process, attempt=run.attempt))
            progress.finished(run, plan, outcome, RECORD)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_points_of_a_process_share_its_time_for_samples() -> None:
    points = tuple(Point("gemm", f"f32:{size}x8x8") for size in range(1, 101))
    said = opening([dataclasses.replace(SCENARIO, points=points)], 0, Path("run"))
    assert said == (
        "measuring gemm f32:1x8x8 and 99 more kernel=auto threads=2, in 2 processes at least, each from its start: "
        "about 1 min 45 s or more; files go to run"
    )


def test_without_a_terminal_there_is_one_plain_line_per_worker() -> None:
    assert shown(False, [ENDS[0], FAILED]) == (
        "[1/2] stories-15m threads=2 ctx=256 n_gen=128 replicate 1/2: ok, 61.0 s: 1000 tok/s\n"
        "[2/2] stories-15m threads=2 ctx=256 n_gen=128 replicate 2/2: failed, 5.0 s: it broke\n"
    )


def test_lines_say_how_wide_the_interval_is_and_why_more_processes_run() -> None:
    lines = shown(False, ENDS, budget_s=1000).splitlines()
    assert lines[1].endswith("replicate 2/2: ok, 61.0 s: 1010 tok/s, 2 processes ±6.5 %")
    assert lines[2].startswith("[3/5] stories-15m threads=2 ctx=256 n_gen=128 replicate 3, for a narrower interval: ok")
    assert lines[2].endswith("1020 tok/s, 3 processes ±2.5 %")


def test_a_line_says_why_nobody_can_say_how_wide_the_interval_is() -> None:
    rates = [*[1000.0] * 3, *[1400.0] * 5]
    ends = [(ENDS[0][0], dataclasses.replace(ENDS[0][1], rate=rate + i)) for i, rate in enumerate(rates)]
    lines = shown(False, ends, budget_s=1000).splitlines()
    reason = "two speeds: 38 % of processes at 1.0k, the rest at 1.4k"
    assert lines[7].endswith(f"1410 tok/s, 8 processes, {reason}")


def test_a_disturbed_process_is_told_and_so_is_its_repeat() -> None:
    disturbed = (ENDS[0][0], dataclasses.replace(ENDS[0][1], disturbed=True))
    lines = shown(False, [disturbed, ENDS[1]], budget_s=1000).splitlines()
    assert lines[0].endswith("replicate 1/2: ok, 61.0 s: 1000 tok/s, disturbed")
    assert "replicate 1/2, again: ok" in lines[1]


def test_a_terminal_shows_the_phase() -> None:
    text = shown(True, [ENDS[0], FAILED])
    assert "2/3 · getting ready · stories-15m" in text
    assert "2/3 · compile · stories-15m" in text
    assert "0/2 · measure · stories-15m threads=2 ctx=256 n_gen=128 replicate 1/2" in text


def test_a_terminal_shows_the_table_so_far_what_is_left_and_why_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    text = shown(True, ENDS, budget_s=1000, draw_table=lambda records: f"a table of {len(records)}")
    *_, last = text.split("a table of 2")
    assert "2 of 5 processes, 16 at most · 0 s so far · about 3 min 03 s left, until" in last
    assert "why it goes on: the first 5 processes of each row say by their spread how many more there are to be" in last
    assert "measure · stories-15m threads=2 ctx=256 n_gen=128 replicate 3, for a narrower interval" in last
    assert "ok, 61.0 s" not in text, "the table tells it"
    assert "failed, 5.0 s: it broke" in shown(True, [FAILED], draw_table=lambda records: "a table")


def test_all_of_it_is_lower_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was pushed off the screen could not be erased, and would stay above the last table."""
    monkeypatch.setenv("TERM", "xterm")

    class High:
        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            yield from (Text(f"row {number}") for number in range(options.max_height))

    text = shown(True, ENDS[:2], draw_table=lambda records: High(), height=12)
    *_, last = text.split("row 0")
    frame = last[: last.index("\x1b")]
    assert "row 7" in frame
    assert frame.count("\n") < 12, "the line after the last one, too, is on the screen"


def test_a_table_is_made_between_workers_alone_and_for_a_twentieth_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    now, made = [1000.0], list[float]()
    monkeypatch.setattr("smjax.sweep.run.display.time.monotonic", lambda: now[0])

    def draw_table(records: Sequence[Record]) -> str:
        made.append(now[0])
        now[0] += 1
        return "a table"

    console = Console(file=io.StringIO(), force_terminal=True, width=150)
    plan = Plan([Standing(chosen(SCENARIO), {})], seed=1, budget_s=0)
    with Progress(console, draw_table) as progress:
        run = next(plan.runs())
        plan.finished(run, ENDS[0][1])
        for _ in range(10):
            progress.starting(run, plan)
            for phase in ("import", "measure", "check"):
                progress.phase(phase)
                assert not made or made[-1] < now[0], "a worker is under way"
            now[0] += 5
            progress.finished(run, plan, ENDS[0][0], RECORD)
    assert made == [1005.0, 1026.0, 1047.0]


def test_of_thousands_of_records_none_is_kept_for_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smjax.sweep.run.display._MOST_RECORDS", 1)
    text = shown(True, ENDS, budget_s=1000, draw_table=lambda records: f"a table of {len(records)}")
    assert "a table of 1" in text
    assert "a table of 2" not in text
    assert "[2/5] stories-15m threads=2" in text


def test_a_table_that_cannot_be_drawn_costs_the_sweep_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")

    def draw_table(records: Sequence[Record]) -> str:
        raise ValueError("no such column\x1b[2J")

    text = shown(True, ENDS, budget_s=1000, draw_table=draw_table)
    assert text.count("smjax: no table before the end: ValueError: no such column\\x1b[2J") == 1
    assert "[3/5] stories-15m threads=2" in text


def test_a_terminal_that_cannot_redraw_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert shown(True, [ENDS[0], FAILED], draw_table=lambda records: "a table") == shown(False, [ENDS[0], FAILED])


def test_without_a_terminal_there_is_a_line_now_and_then_before_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes two minutes, with a phase each second; and none while a worker runs."""
    now = [1000.0]
    monkeypatch.setattr("smjax.sweep.run.progress.time.monotonic", lambda: now[0])
    console = Console(file=io.StringIO(), width=150)
    plan = Plan([Standing(chosen(SCENARIO), {})], seed=1, budget_s=0)
    with Progress(console) as progress:
        for number in range(4):
            progress.preparing(f"model-{number}", number, 4)
            for second in range(5):
                now[0] += 1
                progress.phase(f"phase\x1b {second}")
        progress.starting(next(plan.runs()), plan)
        now[0] += 100
        progress.phase("measure")
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        r"[1/4] model-1: phase\x1b 4",
        r"[3/4] model-3: phase\x1b 4",
    ]


def test_durations_read_well() -> None:
    assert [duration(s) for s in (0.4, 59.4, 60, 3599)] == ["0 s", "59 s", "1 min 00 s", "59 min 59 s"]
