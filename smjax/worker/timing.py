"""Times an engine's answers: prefill to the first id, then every dispatch, in integer nanoseconds."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter_ns

import numpy as np

from smjax.core.records.answer import Sample
from smjax.core.records.scenario import Measure
from smjax.worker.engines import Engine, Heard
from smjax.worker.process import rss_bytes

_LEAST, _MOST = 5, 1000


class WrongAnswerError(Exception):
    """An engine gave more or fewer ids than it was asked for."""


def answers_to_time(measure: Measure, warmup: Sequence[Sample]) -> int:
    """As many as were asked for, or as fill the time at the speed of the last answer of the warm-up.

    A noisy neighbour comes in bursts: the medians of 5 answers of 18 ms differed by 5 to 12 %, those of 40 by 1 %.
    """
    if measure.iterations is not None:
        return measure.iterations
    if not warmup:
        return _LEAST
    one_ns = warmup[-1].ttft_ns + warmup[-1].decode_ns
    return min(max(math.ceil(measure.sampling_s * 1e9 / one_ns), _LEAST), _MOST)


def time_answers(
    engine: Engine,
    prompt: np.ndarray,
    n_gen: int,
    count: int,
    each_token: bool,
    between: Callable[[], None],
    told: list[list[int]] | None = None,
) -> list[Sample]:
    """`count` samples; nothing but the engine runs between the readings of the clock, `between` before each sample.

    `told` has then what the last of them was told at a time; without it that costs an answer nothing.
    """
    samples = []
    for _ in range(count):
        between()
        samples.append(_time_answer(engine, prompt, n_gen, each_token, told))
    return samples


def _time_answer(
    engine: Engine, prompt: np.ndarray, n_gen: int, each_token: bool, told: list[list[int]] | None
) -> Sample:
    stamps: list[int] = []
    heard = _stamping(stamps, told)
    started = perf_counter_ns()
    took = engine.answer(prompt, n_gen, heard)
    if took is not None:
        started = took.started_ns
    is_known = each_token and (took is None or took.is_each_heard)
    _check_heard(len(stamps), n_gen, is_known)
    _check_told(told or [], n_gen)
    steps = np.diff(stamps).tolist() if is_known else None
    return Sample(stamps[0] - started, stamps[-1] - stamps[0], steps, rss_bytes(), engine.choice_ns)


def _check_heard(n_heard: int, n_gen: int, is_each_heard: bool) -> None:
    """Raise WrongAnswerError for an answer that was told otherwise than it is timed: its rate would be made up."""
    if is_each_heard and n_heard != n_gen:
        raise WrongAnswerError(
            f"expected {n_gen} ids from the engine, each by itself, found that it told {n_heard} times"
        )
    if n_heard < 2:
        raise WrongAnswerError(
            f"expected the first id from the engine and then others, found that it told {n_heard} times"
        )


def _check_told(told: Sequence[Sequence[int]], n_gen: int) -> None:
    """Raise WrongAnswerError for more or fewer ids, or several before decoding is timed; none where none are known."""
    n_ids = sum(map(len, told))
    if n_ids and n_ids != n_gen:
        raise WrongAnswerError(f"expected {n_gen} ids from the engine, found {n_ids}")
    if n_ids and len(told[0]) != 1:
        raise WrongAnswerError(f"expected the first id from the engine by itself, found {len(told[0])} at once")


def _stamping(stamps: list[int], told: list[list[int]] | None) -> Heard:
    """Reads the clock whenever ids are there."""
    if told is None:
        return lambda ids: stamps.append(perf_counter_ns())
    told.clear()

    def kept(ids: np.ndarray) -> None:
        stamps.append(perf_counter_ns())
        told.append(ids.tolist())

    return kept


@contextmanager
def garbage_collection_off() -> Iterator[None]:
    """Collect now, and not until this ends."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
