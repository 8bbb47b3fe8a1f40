"""The `xla` kernel's part of a profile: from programs that stop after each part to the time of each part.

Inside of a program that XLA compiles nobody can read a clock. So what a part takes is the difference of two programs,
of which one has that part more; they are called in turn, in random order. The same part as the only one of a program
shows what it takes where nothing before it has warmed or emptied the caches for it, and nothing is fused with it. A
layer is the difference of two calls of one program, which is told how many there are.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from smjax.core.records.profile import NO_PART, Event, Pass, Piece, Profile, middle_mean
from smjax.worker.engines.smjax.profile.clocked import Clocked, answer_clocked, rounds
from smjax.worker.engines.smjax.profile.partly import ORDER, Partly
from smjax.worker.engines.smjax.profile.visits import Program, Timed, decode_on, visit_decode, visit_prefill
from smjax.worker.engines.smjax.programs import decode_one, initial_state, prefill

if TYPE_CHECKING:
    from smjax.worker.engines.smjax.engine import SmjaxEngine

Parts = frozenset[str] | None
"""What a program does; None for one that does nothing, not even what is in no part."""
EVERYTHING = frozenset(ORDER)
UP_TO = [frozenset(ORDER[:n]) for n in range(len(ORDER) + 1)]
ALONE = {part: frozenset([part]) for part in ORDER}
TRACK = "differences of programs"
_TIMES = 6
"""As much time as answers are timed for, for each of both steps: what is told is differences."""
_MORE = 2
"""Visits of the whole program in a round beyond one, as all parts together are held against what is measured."""


def profile(engine: SmjaxEngine, prompt: np.ndarray) -> Profile:
    """Programs of both steps, and plain answers, in turn."""
    state = jax.device_put(initial_state(engine.config, 0, engine.scenario.middle))
    stops = _stops(engine, state)
    steps = Timed({**_programs(engine, decode_one, state, engine.decode_program), **stops}, visit_decode)
    first = Timed(_programs(engine, prefill, prompt, engine.prefill_program), partial(visit_prefill, prompt=prompt))
    draw, plain = random.Random(engine.scenario.seed), list[Clocked]()
    for timed in (first, steps):
        begin = perf_counter_ns()
        _round(engine, prompt, timed, draw)
        timed.calls.clear()
        n_rounds = rounds(engine, (perf_counter_ns() - begin) / _TIMES)
        plain += [_round(engine, prompt, timed, draw) for _ in range(n_rounds)]
    decode = _pass(steps, [window.ns for one in plain for window in one.middle])
    ns = _stretched(steps)
    decode.layers_ns = [ns(after) - ns(before) for before, after in itertools.pairwise(stops)]
    prompts = _pass(first, [one.prefill.ns for one in plain])
    return Profile("programs", decode, prompts, events=list(_events(prompts, decode)))


def _round(engine: SmjaxEngine, prompt: np.ndarray, timed: Timed, draw: random.Random) -> Clocked:
    """A plain answer, behind another one's end, and a visit of each program."""
    decode_on(engine)
    plain = answer_clocked(engine, prompt)
    names = [*timed.programs, *[EVERYTHING] * _MORE]
    for name in draw.sample(names, len(names)):
        timed.visit(engine, name)
    return plain


def _programs(engine: SmjaxEngine, step: Callable[..., Any], argument: Any, whole: Any) -> dict[Parts, Any]:
    """Each with all arguments, used or not: handing over an array costs 1 µs."""
    wanted = dict.fromkeys([*UP_TO[:-1], *ALONE.values()])
    some: dict[Parts, Any] = {
        parts: engine.program(step, argument, kernel=Partly(engine.setup, parts), keep_unused=True) for parts in wanted
    }
    nothing = engine.program(_nothing, argument, keep_unused=True)
    return {None: nothing, **some, EVERYTHING: whole}


def _stops(engine: SmjaxEngine, state: jax.Array) -> dict[int, Program]:
    """Decode steps that stop behind so many layers, from none to all: one program."""
    program = engine.program(decode_one, state, np.int32(0))

    def after(n_layers: jax.Array) -> Program:
        return lambda arrays, cache, state: program(arrays, cache, state, n_layers)

    return {n: after(jax.device_put(np.int32(n))) for n in range(engine.config.n_layers + 1)}


def _nothing(config: Any, kernel: Any, weights: Any, cache: Any, argument: jax.Array) -> tuple[Any, jax.Array]:
    return cache, argument + 1


def _pass(timed: Timed, plain: list[int]) -> Pass:
    """All differences; together what the whole program takes."""
    ns = _stretched(timed)
    with_one_more = zip(ORDER, itertools.pairwise(UP_TO), strict=True)
    pieces = [Piece(part, "", None, ns(after) - ns(before)) for part, (before, after) in with_one_more]
    pieces.append(Piece("dispatch", "", None, ns(None)))
    pieces.append(Piece(NO_PART, "what no part has", None, ns(UP_TO[0]) - ns(None)))
    alone = {part: ns(parts) - ns(UP_TO[0]) for part, parts in ALONE.items()}
    count = len(timed.calls[EVERYTHING])
    return Pass(ns(EVERYTHING), middle_mean(plain), count, pieces=pieces, alone_ns=alone)


def _stretched(timed: Timed) -> Callable[[Any], float]:
    """Ns of a program, clear of disturbances and then made as much longer as these make the whole one."""
    stretch = timed.ns(EVERYTHING) / timed.clear_ns(EVERYTHING)
    return lambda name: timed.clear_ns(name) * stretch


def _events(*passes: Pass) -> Iterator[Event]:
    """As if one part began where the one before ended."""
    at = 0.0
    for one in passes:
        for piece in one.pieces:
            ns = max(piece.ns, 0.0)
            yield Event(TRACK, piece.part or piece.what, piece.part, None, at, ns)
            at += ns
