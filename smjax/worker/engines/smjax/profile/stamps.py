"""The native kernel's part of a profile: from stamps of its threads to the time of each part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from smjax.core.records.profile import NO_PART, Pass, Piece, Profile, middle_mean, undisturbed
from smjax.worker.engines.smjax.profile.clocked import Clocked, Window, answer_clocked, rounds
from smjax.worker.engines.smjax.profile.events import events
from smjax.worker.engines.smjax.profile.needs import PART_OF
from smjax.worker.engines.smjax.profile.trace import OPERATIONS, STEPS, Trace, read_trace, stamp_ns, tracing
from smjax.worker.engines.smjax.programs import CHUNK

if TYPE_CHECKING:
    from smjax.worker.engines.smjax.engine import SmjaxEngine

Key = tuple[str, str, int | None]
"""Part, what in it, layer."""
Pieces = dict[Key, float]
"""Ns of each."""
Counts = dict[str, np.ndarray]
"""Of each part: int64[events]."""
Names = Mapping[int, tuple[str, int]]
"""By where a stack of weights begins: the product, and the number of the stack's first layer."""
_WAIT = STEPS.index("wait")


class Split:
    """A trace by parts."""

    def __init__(self, trace: Trace, names: Names) -> None:
        self.trace, self.names = trace, names
        kinds, self._kind_of = np.unique(trace.calls, return_inverse=True)
        self._kinds = [(OPERATIONS[kind["operation"]], int(kind["data"]), int(kind["layer"])) for kind in kinds]
        self._ns = trace.threads[0]["ns"]
        self._keys = [self._kind_of[stamps["call"]] * len(STEPS) + stamps["step"] for stamps in trace.threads]
        self._known: dict[int, Key] = {}

    def pieces(self, window: Window) -> Pieces:
        """Of one step; together all of its time."""
        first, last = self.inside(window)
        found: Pieces = {("dispatch", what, None): float(ns) for what, ns in window.around().items()}
        found["dispatch", "to the first operation", None] = float(self._ns[first] - window.call_begin)
        found["dispatch", "from the last operation", None] = float(window.call_end - self._ns[last])
        keys, places = np.unique(self._keys[0][first + 1 : last + 1], return_inverse=True)
        for key, ns in zip(keys, np.bincount(places, np.diff(self._ns[first : last + 1])), strict=True):
            name = self.key(int(key))
            found[name] = found.get(name, 0) + float(ns)
        return found

    def counts(self, window: Window) -> Counts:
        """Of one step what all threads did in each part, but that helpers waited; dispatch since the step before."""
        found: Counts = {}
        for thread, counts in enumerate(self.trace.counts):
            first, last = self.inside(window, thread)
            keys, places = np.unique(self._keys[thread][first + 1 : last + 1], return_inverse=True)
            sums = np.zeros((len(keys), counts.shape[1]), np.int64)
            np.add.at(sums, places, np.diff(counts[first : last + 1], axis=0))
            for key, done in zip(keys.tolist(), sums, strict=True):
                if key % len(STEPS) != _WAIT:
                    part = self.key(key)[0]
                    found[part] = found.get(part, 0) + done
        first, _ = self.inside(window)
        if first > 1:
            found["dispatch"] = self.trace.counts[0][first] - self.trace.counts[0][first - 1]
        return found

    def stamps_in(self, window: Window) -> int:
        """Stamps of the thread that runs the program, within the step."""
        first, last = self.inside(window)
        return last - first + 1

    def inside(self, window: Window, thread: int = 0) -> tuple[int, int]:
        """Numbers of the first and the last stamp within the call of the program."""
        ns = self.trace.threads[thread]["ns"]
        first, behind = np.searchsorted(ns, (window.call_begin, window.call_end))
        return int(first), int(behind) - 1

    def stamped(self, thread: int, stamp: int) -> Key:
        """What a thread had done at one of its stamps."""
        return self.key(int(self._keys[thread][stamp]))

    def key(self, number: int) -> Key:
        """What a step of an operation belongs to."""
        if number not in self._known:
            kind, step = divmod(number, len(STEPS))
            self._known[number] = _key(*self._kinds[kind], STEPS[step], self.names)
        return self._known[number]


def _key(operation: str, data: int, layer: int, step: str, names: Names) -> Key:
    if step == "outside":
        return NO_PART, "XLA between operations", None
    if operation == "look_up":
        return "embedding", "", None
    if operation == "attend":
        return "rope" if step in ("remember", "turn") else "attention", step, layer
    if operation == "argmax":
        return {"norm": "norm", "leave": "choice"}.get(step, "head"), step, None
    name, first = names.get(data, ("", 0))
    if name not in PART_OF:
        return NO_PART, f"another product: {step}", None
    return "norm" if step == "norm" else PART_OF[name], f"{name}: {step}", first + layer


def profile(engine: SmjaxEngine, prompt: np.ndarray) -> Profile:
    """Answers with and without stamps in turn."""
    plain, traced = list[Clocked](), list[Clocked]()
    prefills, steps = list[Pieces](), list[Pieces]()
    for number in range(rounds(engine, 2 * answer_clocked(engine, prompt).ns)):
        for is_traced in (True, False) if number % 2 else (False, True):
            if is_traced:
                traced.append(_traced(engine, prompt))
                split = Split(read_trace(engine.setup.threads), names_of(engine))
                prefills.append(split.pieces(traced[-1].prefill))
                steps += map(split.pieces, traced[-1].middle)
            else:
                plain.append(answer_clocked(engine, prompt))
    decode = _pass(steps, [window for one in plain for window in one.middle])
    prefill = _pass(prefills, [one.prefill for one in plain])
    decode.stamps = float(np.mean([split.stamps_in(window) for window in traced[-1].middle]))
    prefill.stamps = float(split.stamps_in(traced[-1].prefill))
    found = Profile("stamps", decode, prefill, events=events(split, traced[-1]))
    found.stamp_ns = stamp_ns()
    return found


def _traced(engine: SmjaxEngine, prompt: np.ndarray) -> Clocked:
    with tracing(room_for(engine)):
        return answer_clocked(engine, prompt)


def room_for(engine: SmjaxEngine) -> int:
    """More stamps than a thread can leave during an answer: a few a column, a few a head, whatever it gets of them."""
    config, s = engine.config, engine.scenario
    products = sum(len(matrix) for stack in engine.weights.stacks for matrix in stack.matrices.values())
    columns = s.n_prompt + 2 * CHUNK  # those of the last chunk may be computed twice, and tiles be padded
    in_prefill = 2 * config.n_layers * columns * (products + config.n_heads)
    return in_prefill + s.n_gen * config.n_layers * (20 + 8 * products + 2 * config.n_heads * (2 + s.ctx // 4096))


def names_of(engine: SmjaxEngine) -> Names:
    """Of the products of its layers."""
    found, first = dict[int, tuple[str, int]](), 0
    for stack in engine.weights.stacks:
        for name, matrix in stack.matrices.items():
            found |= {packed.data.unsafe_buffer_pointer(): (name, first) for packed in matrix}
        first += stack.n_layers
    return found


def _pass(each: Sequence[Pieces], plain: Sequence[Window]) -> Pass:
    """The mean over the steps that nothing disturbed."""
    totals = [sum(pieces.values()) for pieces in each]
    kept = [each[place] for place in undisturbed(totals)]
    keys = dict.fromkeys(key for pieces in kept for key in pieces)
    means = {key: sum(pieces.get(key, 0) for pieces in kept) / len(kept) for key in keys}
    pieces = [Piece(part, what, layer, ns) for (part, what, layer), ns in means.items()]
    return Pass(sum(means.values()), middle_mean([window.ns for window in plain]), len(kept), pieces=pieces)
