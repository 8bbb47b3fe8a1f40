"""How a program is called to be timed: behind what comes before such a step in an answer, and by its own clock.

What came before decides: a prompt takes 1.1 times as long after 128 decoded tokens as after another prompt
(tinystories-1m), and with two threads a step whose program changed a moment ago finds the other thread asleep.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from smjax.core.records.profile import middle_mean, middle_steps
from smjax.worker.engines.smjax.programs import initial_state

if TYPE_CHECKING:
    from smjax.worker.engines.smjax.engine import SmjaxEngine

BEFORE_NS = 30_000_000
"""Of an answer's steps no more come before what is timed: of a large model each empties all caches."""
TIMED_NS = 20_000_000
"""So many steps are timed in a row, unless the middle of the answer has fewer."""
_LEAST = 4

Program = Callable[[list[jax.Array], Any, Any], Any]
"""Of weights, cache, and state or prompt."""
Visit = Callable[["SmjaxEngine", Program], list[float]]
"""Ns of each call that counts."""


@dataclass
class Timed:
    """Programs of a step by what they do, and of each the ns of its calls."""

    programs: Mapping[Any, Program]
    visit_one: Visit
    calls: dict[Any, list[float]] = field(default_factory=dict)

    def visit(self, engine: SmjaxEngine, name: Any) -> None:
        self.calls.setdefault(name, []).extend(self.visit_one(engine, self.programs[name]))

    def ns(self, name: Any) -> float:
        """Of one call, by what counts of the steps of an answer too."""
        return middle_mean(self.calls[name])

    def clear_ns(self, name: Any) -> float:
        """Of the faster half of its calls: what slowed one of two would be in their difference."""
        calls = sorted(self.calls[name])
        return fmean(calls[: -(-len(calls) // 2)])


def visit_decode(engine: SmjaxEngine, program: Program) -> list[float]:
    """Steps around the middle of the answer, behind as many of the same program as come before them."""
    middle, n_prompt = middle_steps(engine.scenario.n_gen), engine.scenario.n_prompt
    before = _steps(engine, program, n_prompt, middle.start, BEFORE_NS)
    one_ns = max(1.0, middle_mean(before or [BEFORE_NS]))
    count = min(len(middle), max(_LEAST, round(TIMED_NS / one_ns)))
    return _steps(engine, program, n_prompt + middle.start + (len(middle) - count) // 2, count)


def visit_prefill(engine: SmjaxEngine, program: Program, prompt: np.ndarray) -> list[float]:
    """The prompt, behind an answer's tokens."""
    decode_on(engine)
    return [_call(engine, program, prompt)[0]]


def decode_on(engine: SmjaxEngine) -> None:
    """What an answer ends with, and the next one therefore begins after."""
    _steps(engine, engine.decode_program, engine.scenario.n_prompt, engine.scenario.n_gen - 1, BEFORE_NS)


def _steps(
    engine: SmjaxEngine, program: Program, position: int, count: int, within_ns: float = float("inf")
) -> list[float]:
    """Ns of up to so many steps from a position on."""
    state, found = jax.device_put(initial_state(engine.config, 0, position)), list[float]()
    until = perf_counter_ns() + within_ns
    while len(found) < count and perf_counter_ns() < until:
        ns, state = _call(engine, program, state)
        found.append(ns)
    return found


def _call(engine: SmjaxEngine, program: Program, argument: Any) -> tuple[float, Any]:
    """What one took, and its state; timed until its id is there."""
    begin = perf_counter_ns()
    engine.cache, state = program(engine.arrays, engine.cache, argument)
    np.asarray(state)[:1]
    return float(perf_counter_ns() - begin), state
