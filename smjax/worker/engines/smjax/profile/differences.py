"""The `xla` kernel's part of a profile: from programs that stop after each part to the time of each part.

Inside of a program that XLA compiles nobody can read a clock. So what a part takes is the difference of two programs,
of which one has that part more; they are called in turn, in random order. The same part as the only one of a program
shows what it takes where nothing before it has warmed or emptied the caches for it, and nothing is fused with it.
"""

from __future__ import annotations

import itertools
import random
import statistics
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from smjax.core.records.profile import NO_PART, Event, Pass, Piece, Profile, middle_mean
from smjax.worker.engines.smjax.profile.clocked import answer_clocked, rounds
from smjax.worker.engines.smjax.profile.partly import ORDER, Partly
from smjax.worker.engines.smjax.programs import decode_one, initial_state, prefill

if TYPE_CHECKING:
    from smjax.worker.engines.smjax.engine import SmjaxEngine

Parts = frozenset[str] | None
"""What a program does; None for one that does nothing, not even what is in no part."""
EVERYTHING = frozenset(ORDER)
UP_TO = [frozenset(ORDER[:n]) for n in range(len(ORDER) + 1)]
ALONE = {part: frozenset([part]) for part in ORDER}
TRACK = "differences of programs"


@dataclass
class Timed:
    """Programs of a step, and of each visit the ns that one took."""

    programs: Mapping[Parts, Any]
    argument: Any
    """State, or prompt: the same in every call."""
    calls: int
    """Of a visit after its first, whose median counts: the first call after another program finds caches that are not
    its own, as prefill does and a decode step does not. 0: the first counts."""
    visits: dict[Parts, list[float]] = field(default_factory=dict)

    def visit(self, engine: SmjaxEngine, parts: Parts) -> float:
        """Call one of them; the ns of a call."""
        found = self._call(engine, parts)
        if self.calls:
            found = statistics.median(self._call(engine, parts) for _ in range(self.calls))
        self.visits.setdefault(parts, []).append(found)
        return found

    def _call(self, engine: SmjaxEngine, parts: Parts) -> float:
        program, begin = self.programs[parts], perf_counter_ns()
        engine.cache, state = program(engine.arrays, engine.cache, self.argument)
        np.asarray(state)[:1]
        return float(perf_counter_ns() - begin)

    def ns(self, parts: Parts) -> float:
        """The median of its visits."""
        return statistics.median(self.visits[parts])


def profile(engine: SmjaxEngine, prompt: np.ndarray) -> Profile:
    """Programs of both steps, and plain answers, in turn."""
    state = jax.device_put(initial_state(engine.config, 0, engine.scenario.middle))
    decode = Timed(_programs(engine, decode_one, state, engine.decode_program), state, calls=5)
    first = Timed(_programs(engine, prefill, prompt, engine.prefill_program), prompt, calls=0)
    draw, plain = random.Random(engine.scenario.seed), [answer_clocked(engine, prompt)]
    for timed in (first, decode):
        one_ns = plain[-1].ns + sum(timed.visit(engine, parts) for parts in timed.programs) * (1 + timed.calls)
        timed.visits.clear()
        for _ in range(rounds(engine, one_ns)):
            plain.append(answer_clocked(engine, prompt))
            for parts in draw.sample(list(timed.programs), len(timed.programs)):
                timed.visit(engine, parts)
    steps = _pass(decode, [window.ns for one in plain for window in one.middle])
    prompts = _pass(first, [one.prefill.ns for one in plain])
    return Profile("programs", steps, prompts, events=list(_events(prompts, steps)))


def _programs(engine: SmjaxEngine, step: Callable[..., Any], argument: Any, whole: Any) -> dict[Parts, Any]:
    """Each with all arguments, used or not: handing over an array costs 1 µs."""
    wanted = dict.fromkeys([*UP_TO[:-1], *ALONE.values()])
    some: dict[Parts, Any] = {
        parts: engine.program(step, argument, kernel=Partly(engine.setup, parts), keep_unused=True) for parts in wanted
    }
    nothing = engine.program(_nothing, argument, keep_unused=True)
    return {None: nothing, **some, EVERYTHING: whole}


def _nothing(config: Any, kernel: Any, weights: Any, cache: Any, argument: jax.Array) -> tuple[Any, jax.Array]:
    return cache, argument + 1


def _pass(timed: Timed, plain: list[int]) -> Pass:
    """All differences; together what the whole program takes."""
    ns = timed.ns
    with_one_more = zip(ORDER, itertools.pairwise(UP_TO), strict=True)
    pieces = [Piece(part, "", None, ns(after) - ns(before)) for part, (before, after) in with_one_more]
    pieces.append(Piece("dispatch", "", None, ns(None)))
    pieces.append(Piece(NO_PART, "what no part has", None, ns(UP_TO[0]) - ns(None)))
    alone = {part: ns(parts) - ns(UP_TO[0]) for part, parts in ALONE.items()}
    count = len(timed.visits[EVERYTHING])
    return Pass(ns(EVERYTHING), middle_mean(plain), count, pieces=pieces, alone_ns=alone)


def _events(*passes: Pass) -> Iterator[Event]:
    """As if one part began where the one before ended."""
    at = 0.0
    for one in passes:
        for piece in one.pieces:
            ns = max(piece.ns, 0.0)
            yield Event(TRACK, piece.part or piece.what, piece.part, None, at, ns)
            at += ns
