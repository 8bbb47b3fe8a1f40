"""Answers whose programs are clocked from outside: when each call began and ended, and when its id was there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import numpy as np

from smjax.core.records.profile import middle_steps

if TYPE_CHECKING:
    from smjax.worker.engines.smjax.engine import SmjaxEngine

_LEAST, _MOST = 3, 50


@dataclass(frozen=True)
class Window:
    """A step as Python sees it, in ns of the monotonic clock."""

    begin: int
    """The id before was there, or the prompt was handed over."""
    call_begin: int
    call_end: int
    end: int
    """Its id is there."""

    @property
    def ns(self) -> int:
        return self.end - self.begin

    def around(self) -> dict[str, int]:
        """What of the dispatch Python sees by itself; the rest is inside of the call."""
        return {"Python": self.call_begin - self.begin, "id to the host": self.end - self.call_end}


@dataclass(frozen=True)
class Clocked:
    """An answer: its prefill, and the decode steps at its middle."""

    prefill: Window
    middle: list[Window]
    ns: int
    """Of all of it."""


class _ClockedProgram:
    """Called like the program; `times` are of its calls."""

    def __init__(self, program: Any) -> None:
        self._program = program
        self.times: list[tuple[int, int]] = []

    def __call__(self, *arguments: Any) -> Any:
        begin = perf_counter_ns()
        found = self._program(*arguments)
        self.times.append((begin, perf_counter_ns()))
        return found


@contextmanager
def _clocked_programs(engine: SmjaxEngine) -> Iterator[tuple[_ClockedProgram, _ClockedProgram]]:
    programs: tuple[Any, Any] = engine.prefill_program, engine.decode_program
    clocked = _ClockedProgram(programs[0]), _ClockedProgram(programs[1])
    clocks: tuple[Any, Any] = clocked
    engine.prefill_program, engine.decode_program = clocks
    try:
        yield clocked
    finally:
        engine.prefill_program, engine.decode_program = programs


def answer_clocked(engine: SmjaxEngine, prompt: np.ndarray) -> Clocked:
    """One answer as it is measured, but for two readings of the clock in each step."""
    heard = list[int]()
    with _clocked_programs(engine) as (prefill, decode):
        started = perf_counter_ns()
        engine.answer(prompt, engine.scenario.n_gen, lambda ids: heard.append(perf_counter_ns()))
    middle = [Window(heard[i], *decode.times[i], heard[i + 1]) for i in middle_steps(engine.scenario.n_gen)]
    return Clocked(Window(started, *prefill.times[0], heard[0]), middle, heard[-1] - started)


def rounds(engine: SmjaxEngine, one_ns: float) -> int:
    """How often what takes `one_ns` is done, to fill the time that answers of a process are measured for."""
    measure = engine.scenario.measure
    if measure.iterations is not None:
        return measure.iterations
    return min(max(math.ceil(measure.sampling_s * 1e9 / one_ns), _LEAST), _MOST)
