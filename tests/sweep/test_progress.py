from __future__ import annotations

import io
import threading

from rich.console import Console

from smjax.core.scenario import Measure, Scenario
from smjax.sweep.launcher import Outcome
from smjax.sweep.plan import Run
from smjax.sweep.progress import Progress, duration

SCENARIO = Scenario(
    "stories-15m", None, "smjax", "auto", "auto", 2, 256, 128, 128, 1, "auto", 42, Measure(2, 5, 1, 600.0)
)  # fmt: skip
RUNS = [Run(SCENARIO, 0), Run(SCENARIO, 1)]


def shown(is_terminal: bool) -> str:
    console = Console(
        file=io.StringIO(), force_terminal=is_terminal, width=120, color_system=None, legacy_windows=False
    )
    with Progress(console, RUNS) as progress:
        assert threading.active_count() == 1, "a thread would run beside the worker that is timed"
        progress.phase("load")
        progress.finished(Outcome("ok", "", 61_000_000_000))
        progress.phase("measure")
        progress.finished(Outcome("failed", "it broke", 5_000_000_000))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_without_a_terminal_there_is_one_plain_line_per_worker() -> None:
    assert shown(False) == (
        "[1/2] stories-15m threads=2 ctx=256 n_gen=128 replicate 1/2: ok, 61.0 s\n"
        "[2/2] stories-15m threads=2 ctx=256 n_gen=128 replicate 2/2: failed, 5.0 s: it broke\n"
    )


def test_a_terminal_shows_the_phase_and_what_is_left() -> None:
    text = shown(True)
    assert "0/2 · stories-15m threads=2 ctx=256 n_gen=128 replicate 1/2: load" in text
    assert "1/2 · stories-15m threads=2 ctx=256 n_gen=128 replicate 2/2: measure · about 1 min 01 s left" in text


def test_durations_read_well() -> None:
    assert [duration(s) for s in (0.4, 59.4, 60, 3599)] == ["0 s", "59 s", "1 min 00 s", "59 min 59 s"]
