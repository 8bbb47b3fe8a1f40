"""One point from its op to its answer: made, compiled, checked, timed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns

from smjax.core.errors import RequestError
from smjax.core.records.point import CallSample, Point, PointAnswer
from smjax.worker.micro.check import check
from smjax.worker.micro.growth import WINDOWS, growth_per_1000_calls
from smjax.worker.micro.ops import make_work
from smjax.worker.micro.runner import Runner, runner_of
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.timing import garbage_collection_off

CALLS_NS = 200_000
"""Calls from Python are timed by as many as take so long: a look at the clock takes 30 to 100 ns."""
ROUNDS_NS = 2_000_000
"""The same of calls in a loop: starting it takes 15,000 to 30,000, which are subtracted and may be off by 5,000."""
LEAST_SAMPLES, MOST_SAMPLES = 5, 200
_MOST_CALLS = 1 << 20
_STARTS = 9
_FOR_GROWTH = 0.2
"""Share of the time in which memory is watched and nothing is timed."""


def measure_point(point: Point, setup: MicroSetup, seconds: float) -> PointAnswer:
    """The answer, within about so many seconds of timing; of a point that fails it says why in one line."""
    answer = PointAnswer(point)
    try:
        _measure(answer, setup, seconds)
    except Exception as error:  # also a user's function's, whatever it is: the other points go on
        answer.status, answer.reason, answer.samples = "failed", _one_line(error), []
    return answer


def _measure(answer: PointAnswer, setup: MicroSetup, seconds: float) -> None:
    peaks = setup.peaks
    work = make_work(answer.point, setup)
    answer.flops, answer.bytes, answer.peak = work.flops, work.bytes, work.peak
    runner = runner_of(work)
    answer.temp_bytes = runner.temp_bytes
    answer.nmse = check(work, runner.once())
    timed_s = seconds * (1 - _FOR_GROWTH)
    with garbage_collection_off():
        batch = Batch.of(runner)
        if answer.point.cache == "cold":
            answer.calls_per_sample = 1
            answer.samples = _cold_samples(runner, setup.walk, timed_s)
        else:
            answer.calls_per_sample, answer.rounds_per_sample = batch.calls, batch.rounds
            answer.samples = _hot_samples(runner, batch, timed_s)
        n_calls = max(1, round(seconds * 1e9 * _FOR_GROWTH / WINDOWS / batch.call_ns))
        answer.growth_bytes_per_1000_calls = growth_per_1000_calls(runner.calls, n_calls)
    peaks.measure_bandwidth(answer, best_rate(answer) if work.moves_alone else 0.0)
    peaks.tell(answer)


def best_rate(answer: PointAnswer) -> float:
    """Bytes a second of the fastest sample."""
    times_ns = [ns for sample in answer.samples if (ns := sample.loop_ns or sample.call_ns)]
    return answer.bytes * 1e9 / min(times_ns, default=math.inf)


@dataclass
class Batch:
    """How many calls are timed together."""

    calls: int
    call_ns: float
    rounds: int
    start_ns: float
    """That a loop takes without any call."""

    @classmethod
    def of(cls, runner: Runner) -> Batch:
        """As the op turns out to be, once it has run for a while."""
        calls, calls_ns = _enough(runner.calls, 0, CALLS_NS)
        start_ns = median(_ns_of(runner.rounds, 0) for _ in range(_STARTS))
        rounds, _ = _enough(runner.rounds, start_ns, ROUNDS_NS)
        return cls(calls, calls_ns / calls, rounds, start_ns)


def _enough(run: Callable[[int], None], start_ns: float, least_ns: int) -> tuple[int, float]:
    """How many calls take `least_ns` beside what starting them takes, and how long that took in all."""
    count = 1
    run(count)
    while True:
        took_ns = min(_ns_of(run, count), _ns_of(run, count))
        if took_ns - start_ns >= least_ns or count >= _MOST_CALLS:
            return count, took_ns
        more = least_ns / max(took_ns - start_ns, least_ns / 100)
        count = min(_MOST_CALLS, max(2 * count, math.ceil(1.1 * more * count)))


def _ns_of(run: Callable[[int], None], count: int) -> int:
    start = perf_counter_ns()
    run(count)
    return perf_counter_ns() - start


def _hot_samples(runner: Runner, batch: Batch, seconds: float) -> list[CallSample]:
    """Calls from Python and calls in a loop in turn, so that a slow spell of the machine hits both."""

    def sample() -> CallSample:
        call_ns = _ns_of(runner.calls, batch.calls) / batch.calls
        loop_ns = (_ns_of(runner.rounds, batch.rounds) - batch.start_ns) / batch.rounds
        return CallSample(call_ns, loop_ns if loop_ns > 0 else None)

    return _repeated(sample, seconds)


def _cold_samples(runner: Runner, walk: Callable[[], None], seconds: float) -> list[CallSample]:
    """One call after each walk. In a loop its inputs would be hot from the second call on."""

    def sample() -> CallSample:
        walk()
        return CallSample(float(_ns_of(runner.calls, 1)))

    return _repeated(sample, seconds)


def _repeated(sample: Callable[[], CallSample], seconds: float) -> list[CallSample]:
    until, samples = perf_counter_ns() + seconds * 1e9, list[CallSample]()
    while len(samples) < LEAST_SAMPLES or (len(samples) < MOST_SAMPLES and perf_counter_ns() < until):
        samples.append(sample())
    return samples


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, RequestError) else f"{type(error).__name__}: {text}"[:500]
