"""What each thread did and when, for a trace: one prefill, and some decode steps at the middle of the answer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from smjax.core.records.profile import Event
from smjax.worker.engines.smjax.profile.clocked import Clocked, Window
from smjax.worker.engines.smjax.profile.trace import STEPS

if TYPE_CHECKING:
    from smjax.worker.engines.smjax.profile.stamps import Split

PYTHON = "Python"
STEPS_SHOWN = 3
_MOST_OF_A_CALL = 16
"""Stamps of an operation that are shown one by one: a prompt's columns are normalised and quantised in turn."""
_TOGETHER = {STEPS.index("norm"): STEPS.index("quantise"), STEPS.index("turn"): STEPS.index("attend")}
"""Of these what is done in turn with it is shown as one."""
_NOBODYS = (STEPS.index("outside"), STEPS.index("wait"))


def events(split: Split, answer: Clocked) -> list[Event]:
    """From the beginning of the prefill on; time between two windows is left out, not shortened."""
    begin, half = answer.prefill.begin, max(0, len(answer.middle) // 2 - 1)
    windows = [answer.prefill, *answer.middle[half : half + STEPS_SHOWN]]
    found = [event for window in windows for event in (*_of_python(window), *_of_threads(split, window))]
    for event in found:
        event.begin_ns -= begin
    return found


def _of_python(window: Window) -> Iterator[Event]:
    for name, begin, end in (
        ("Python", window.begin, window.call_begin),
        ("program", window.call_begin, window.call_end),
        ("id to the host", window.call_end, window.end),
    ):
        yield Event(PYTHON, name, "dispatch", None, begin, end - begin)


def _of_threads(split: Split, window: Window) -> Iterator[Event]:
    for thread in range(len(split.trace.threads)):
        track = f"thread {thread}" if thread else "thread 0, which runs the program"
        first, last = split.inside(window, thread)
        stamps = split.trace.threads[thread]
        calls = np.flatnonzero(np.diff(stamps["call"][first : last + 1])) + first + 1
        for begin, end in zip([first + 1, *calls], [*calls, last + 1], strict=True):
            yield from _of_call(split, track, thread, int(begin), int(end))


def _of_call(split: Split, track: str, thread: int, begin: int, end: int) -> Iterator[Event]:
    """Of the stamps from `begin` to `end`, all of one operation: a prompt's columns are not shown one by one."""
    stamps = split.trace.threads[thread]
    together = _TOGETHER if end - begin > _MOST_OF_A_CALL else {}
    done = [(together.get(step, step), at) for at, step in enumerate(stamps["step"][begin:end].tolist(), begin)]
    for step, run in itertools.groupby(done, key=lambda one: one[0]):
        if step in _NOBODYS:
            continue
        places = [at for _, at in run]
        part, what, layer = split.stamped(thread, places[-1])
        begin_ns, end_ns = int(stamps["ns"][places[0] - 1]), int(stamps["ns"][places[-1]])
        yield Event(track, what or part, part, layer, begin_ns, end_ns - begin_ns)
