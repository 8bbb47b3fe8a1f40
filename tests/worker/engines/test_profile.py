"""Where a token goes: parts that are all of a step, bytes that are all it needs, and a kernel that leaves parts out."""

from __future__ import annotations

import itertools
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import jax
import numpy as np
import pytest

from smjax.core.models.families import decoder
from smjax.core.models.presets import PresetModel
from smjax.core.native_counters import SOFTWARE, why_not_counted
from smjax.core.native_library import library
from smjax.core.records.answer import Answer
from smjax.core.records.profile import NO_PART, PARTS, Pass, Profile, middle_steps
from smjax.worker.engines.smjax.engine import SmjaxEngine
from smjax.worker.engines.smjax.profile import counts, differences, visits
from smjax.worker.engines.smjax.profile.clocked import Window
from smjax.worker.engines.smjax.profile.differences import ALONE, EVERYTHING, UP_TO
from smjax.worker.engines.smjax.profile.partly import Partly
from smjax.worker.engines.smjax.profile.stamps import Split
from smjax.worker.engines.smjax.profile.trace import CALL, OPERATIONS, STAMP, STEPS, Trace, read_trace
from smjax.worker.engines.smjax.profile.visits import Timed, visit_decode, visit_prefill
from smjax.worker.engines.smjax.programs import decode_one, initial_state
from smjax.worker.model.weights import packed_bytes
from tests.worker.models import loaded_engine, scenario

CONFIG = decoder("llama", 2, 64, 4, 2, 16, 96, 128, 256, norm_eps=1e-5, tied=False)
PROMPT = np.arange(32, dtype=np.int32)
needs_native = pytest.mark.skipif(library() is None, reason="no native library")


@pytest.fixture(scope="module")
def native() -> SmjaxEngine:
    engine = loaded_engine(PresetModel("any", CONFIG, 0), kernel="native", threads=2)
    engine.compile()
    return engine


@pytest.fixture(scope="module")
def profile(native: SmjaxEngine) -> Profile:
    return native.profile(PROMPT)


@needs_native
@pytest.mark.parametrize("step", ["decode", "prefill"])
def test_pieces_are_all_of_a_step(profile: Profile, step: str) -> None:
    found: Pass = getattr(profile, step)
    assert sum(piece.ns for piece in found.pieces) == pytest.approx(found.total_ns)
    assert all(piece.ns >= 0 for piece in found.pieces)
    assert {piece.part for piece in found.pieces} == {*PARTS, NO_PART}
    in_layers = {(piece.part, piece.layer) for piece in found.pieces if piece.layer is not None}
    parts = ("norm", "qkv", "rope", "attention", "output", "feed-forward")
    assert in_layers == {(part, layer) for part in parts for layer in range(CONFIG.n_layers)}


@needs_native
def test_needs_are_the_bytes_of_a_token(native: SmjaxEngine, profile: Profile) -> None:
    answer = Answer()
    native.describe(answer)
    assert sum(need.bytes for need in profile.decode.needs) == answer.bytes_per_token


@needs_native
def test_a_trace_has_a_track_of_every_thread(profile: Profile) -> None:
    tracks = {event.track for event in profile.events}
    assert len(tracks) == 3
    assert {"Python", "thread 1"} < tracks
    assert all(event.ns >= 0 for event in profile.events)
    own = [event for event in profile.events if event.track.startswith("thread 0")]
    assert all(one.begin_ns + one.ns <= next_.begin_ns for one, next_ in itertools.pairwise(own))


@needs_native
def test_who_is_not_looked_into_leaves_no_stamps(native: SmjaxEngine, profile: Profile) -> None:
    before = len(read_trace(threads=1).threads[0])
    native.answer(PROMPT, 3, lambda ids: None)
    assert len(read_trace(threads=1).threads[0]) == before


@needs_native
def test_every_part_is_counted(native: SmjaxEngine) -> None:
    """By events that need no CPU with counters."""
    if why := why_not_counted(SOFTWARE):
        pytest.skip(why)
    found = counts.count(native, PROMPT, SOFTWARE)
    assert found.events == ["ns on a CPU", "page faults"]
    assert {*found.decode} == {*PARTS, NO_PART}
    assert {*found.prefill} == {*PARTS, NO_PART} - {"dispatch"}, "what came before it is another answer's end"
    assert all(found.decode[part][0] > 0 for part in ("qkv", "attention", "dispatch"))
    open_files = [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    assert not [name for name in open_files if "perf_event" in name], "counters are given back"


def trace_of(*threads: list[tuple[int, str, int, int]]) -> Trace:
    """Of one product: of each stamp ns, step, number of the call, and what was counted until then."""
    stamps = [np.array([(ns, STEPS.index(step), call) for ns, step, call, _ in own], STAMP) for own in threads]
    counted = [np.array([[count] for *_, count in own]) for own in threads]
    return Trace(stamps, counted, np.array([(7, 0, OPERATIONS.index("multiply"))], CALL))


def test_counts_of_all_threads_are_their_parts_but_not_of_one_that_waits() -> None:
    first = [(0, "outside", -1, 0), (5, "outside", -1, 0), (8, "multiply", 0, 30), (9, "leave", 0, 31)]
    second = [(30, "outside", 0, 40), (33, "multiply", 0, 45)]
    helper = [(0, "outside", -1, 0), (6, "wait", 0, 100), (8, "multiply", 0, 120)]
    split = Split(
        trace_of([*first, *second], [*helper, (31, "wait", 0, 500), (32, "multiply", 0, 507)]), {7: ("qkv", 0)}
    )
    assert split.counts(Window(0, 4, 20, 21)) == {"qkv": [31 + 20]}
    assert split.counts(Window(21, 29, 40, 41)) == {"qkv": [5 + 7], "dispatch": [9]}


@pytest.fixture(scope="module")
def xla() -> SmjaxEngine:
    return loaded_engine(PresetModel("any", CONFIG, 0), kernel="xla")


@pytest.mark.slow
def test_all_parts_and_all_layers_together_are_the_kernel(xla: SmjaxEngine) -> None:
    state = jax.device_put(initial_state(CONFIG, 7, 0))
    found = []
    programs = [xla.program(decode_one, state, kernel=kernel) for kernel in (xla.kernel, Partly(xla.setup, EVERYTHING))]
    stops = differences._stops(xla, state)
    for program in (*programs, stops[CONFIG.n_layers], stops[CONFIG.n_layers - 1]):
        xla.cache, after = program(xla.arrays, xla.cache, state)
        found.append(np.asarray(after))
    assert list(stops) == [0, 1, 2]
    assert [np.array_equal(one, found[0]) for one in found] == [True, True, True, False]


@pytest.mark.slow
def test_a_part_that_is_left_out_is_not_computed(xla: SmjaxEngine) -> None:
    """Of what it would have read, nothing is an argument of the program."""
    state = jax.device_put(initial_state(CONFIG, 7, 5))
    sizes = []
    for parts in (UP_TO[0], ALONE["qkv"] | ALONE["feed-forward"]):
        program = xla.program(decode_one, state, kernel=Partly(xla.setup, parts))
        sizes.append(program.memory_analysis().argument_size_in_bytes)
    packed = {name: packed_bytes(matrix) for name, matrix in xla.weights.stacks[0].matrices.items()}
    assert sizes[1] - sizes[0] == packed["qkv"] + packed["ffn_in"] + packed["ffn_down"]


def test_differences_add_up_to_the_whole_program() -> None:
    ns = {None: 10.0, **dict.fromkeys(ALONE.values(), 20.0), **{parts: 12.0 + 5 * n for n, parts in enumerate(UP_TO)}}
    timed = Timed({}, visit_decode, {parts: [*[value] * 6, value + 90, value + 90] for parts, value in ns.items()})
    found = differences._pass(timed, [57])
    assert (found.total_ns, sum(piece.ns for piece in found.pieces)) == (ns[EVERYTHING], ns[EVERYTHING])
    by_part = {piece.part: piece.ns for piece in found.pieces}
    assert by_part == {**dict.fromkeys(ALONE, 5), "dispatch": 10, NO_PART: 2}
    assert found.alone_ns["qkv"] == 8


class Steps:
    """An engine whose program says at which positions it was called, and how often in a row for a prompt."""

    config, scenario = CONFIG, scenario(n_prompt=40, n_gen=64)
    arrays: ClassVar[list[jax.Array]] = []
    cache = None

    def __init__(self) -> None:
        self.called = list[int]()

    def decode_program(self, arrays: object, cache: object, state: np.ndarray) -> tuple[None, np.ndarray]:
        self.called.append(int(state[1]))
        return None, np.array([state[0], state[1] + 1])


def test_what_is_timed_comes_where_it_does_in_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "perf_counter_ns", partial(next, itertools.count()))
    engine: Any = Steps()
    middle = [40 + step for step in middle_steps(64)]
    assert len(visit_decode(engine, engine.decode_program)) == len(middle)
    assert engine.called == [*range(40, middle[0]), *middle]
    engine.called.clear()
    assert len(visit_prefill(engine, engine.decode_program, PROMPT)) == 1
    assert engine.called == [*range(40, 40 + 63), PROMPT[1]], "an answer's last steps, and the prompt"
