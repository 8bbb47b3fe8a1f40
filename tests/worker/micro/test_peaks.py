"""What ops are held against: the fastest pass, by the process's own instruction set, and nothing left behind."""

from __future__ import annotations

import os

import numpy as np
import pytest

from smjax.core import native_library
from smjax.core.native_drills import fork_and_join, stream
from smjax.core.records.point import Cache, CallSample, Point, PointAnswer
from smjax.worker.kernels import Setup
from smjax.worker.micro import peaks
from smjax.worker.micro.peaks import Peaks, arrays_for, close, fastest, native_threads
from smjax.worker.micro.timing import best_rate

needs_library = pytest.mark.skipif(native_library.library() is None, reason="no native library")


def answer_of(peak: str, n_bytes: int, cache: Cache = "hot") -> PointAnswer:
    return PointAnswer(Point("gemm", "f32:1x1x1", cache), peak=peak, bytes=n_bytes)


def test_the_fastest_pass_counts_once_it_is_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short passes that wait for a thread which sleeps take long enough; of the long ones few are not slowed."""
    now, passes = [0], list[int]()
    monkeypatch.setattr(peaks, "perf_counter_ns", lambda: now[0])

    def run(rounds: int) -> int:
        passes.append(rounds)
        slept, slowed = rounds < 64 and len(passes) % 3, rounds >= 1024 and len(passes) % 7
        now[0] += rounds * (2000 if slowed else 1000) + (5_000_000 if slept else 0)
        return 5 * rounds

    assert fastest(run) == 5e9 / 1000
    assert max(passes) == 1024


@needs_library
def test_peaks_are_of_the_process_s_instruction_set_and_only_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "SECONDS", 0.001)
    started = list[str]()
    start = native_library.start
    monkeypatch.setattr(native_library, "start", lambda isa, *rest: (started.append(isa), start(isa, *rest)))
    found = Peaks(Setup(isa="scalar"))
    found.measure()
    assert (started[0], "auto" in started) == ("scalar", True)
    assert found.flop_per_s["dot"] > found.flop_per_s["fma"] > 1e8
    assert set(found.flop_per_s) == {"fma", "dot", "any-fma", "any-dot"}
    found.flop_per_s["fma"] = 1e18
    answers = [answer_of("fma", 1 << 20), answer_of("", 0)]
    found.measure_bandwidth(answers[0])
    close(answers, found)
    assert answers[0].peak_flop_per_s == 1e18
    assert 1e8 < (answers[0].bandwidth_bytes_per_s or 0) < 1e13
    assert (answers[1].peak_flop_per_s, answers[1].bandwidth_bytes_per_s, answers[1].bandwidth_level) == (None,) * 3


def test_without_the_library_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_library, "isas", lambda: ())
    found, answer = Peaks(Setup()), answer_of("fma", 4096)
    found.measure_bandwidth(answer)
    close([answer], found)
    assert (answer.peak_flop_per_s, answer.bandwidth_bytes_per_s) == (None, None)


@needs_library
def test_of_an_instruction_set_that_only_xla_has_no_peak_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "SECONDS", 0.001)
    found = Peaks(Setup(isa="of-xla-alone"))
    found.measure()
    assert set(found.flop_per_s) == {"any-fma", "any-dot"}


@needs_library
@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no threads are pinned here")
def test_another_kernel_s_thread_is_where_it_was_afterwards() -> None:
    before = os.sched_getaffinity(0)
    with native_threads(Setup(cpus=(min(before),)), "scalar"):
        assert os.sched_getaffinity(0) == {min(before)}
        fork_and_join(3)
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize(("kind", "n_arrays"), [("read", 1), ("copy", 2), ("triad", 3)])
def test_arrays_begin_with_a_line_and_each_elsewhere_in_its_page(kind: str, n_arrays: int) -> None:
    arrays = arrays_for(kind, 3 << 16)
    assert [array.nbytes for array in arrays] == [(3 << 16) // n_arrays // 4 * 4] * n_arrays
    starts = [array.ctypes.data for array in arrays]
    assert {start % 64 for start in starts} == {0}
    assert len({start % 4096 for start in starts}) == n_arrays
    for i, array in enumerate(arrays):
        array[:] = i
    assert all((array == i).all() for i, array in enumerate(arrays)), "none overlaps another"


@needs_library
def test_a_stream_needs_its_arrays() -> None:
    a = np.zeros(5, np.float32)
    with pytest.raises(ValueError, match="memory of every array"):
        stream("copy", (a.ctypes.data,), 5, 1)


def test_cold_inputs_are_held_against_memory_whatever_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[int]()
    monkeypatch.setattr(native_library, "isas", lambda: ("scalar",))
    monkeypatch.setattr(native_library, "start", lambda *_: None)
    monkeypatch.setattr(peaks, "stream_rate", lambda kind, n_bytes: asked.append(n_bytes) or 1e9 + len(asked))
    monkeypatch.setattr(peaks, "last_level_bytes", lambda cpus: 1 << 25)
    monkeypatch.setattr(peaks, "available_bytes", lambda: 1 << 40)
    monkeypatch.setattr(peaks, "level_that_holds", lambda n_bytes, cpus: str(n_bytes))
    found = Peaks(Setup())
    for n_bytes, cache, expected in ((9000, "hot", 9000), (9000, "cold", 1 << 28), (1 << 30, "hot", 1 << 28)):
        answer = answer_of("", n_bytes, cache)
        found.measure_bandwidth(answer)
        found.tell(answer)
        assert asked[-3:] == [expected] * 3
        assert answer.bandwidth_level == str(expected)
        assert answer.bandwidth_bytes_per_s == 1e9 + len(asked), "the fastest of three kinds"


@needs_library
def test_what_memory_moves_itself_is_among_the_most_that_is_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "stream_rate", lambda kind, n_bytes: 1e9)
    found = Peaks(Setup(isa="scalar"))
    samples = [CallSample(9.0, 4.0), CallSample(9.0, 2.0), CallSample(3.0)]
    memory = PointAnswer(Point("memory", "read:16384"), bytes=16384, samples=samples)
    other = PointAnswer(Point("gemm", "f32:1x1x1"), bytes=8192, samples=samples)
    found.measure_bandwidth(memory, best_rate(memory))
    found.measure_bandwidth(other)
    for answer in (memory, other):
        found.tell(answer)
    assert (memory.bandwidth_bytes_per_s, other.bandwidth_bytes_per_s) == (16384e9 / 2, 1e9)
