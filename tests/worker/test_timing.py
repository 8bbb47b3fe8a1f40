"""How many answers are timed, and which are none."""

from __future__ import annotations

import numpy as np
import pytest

from smjax.core.records.scenario import Measure
from smjax.worker.engines import Engine, Heard
from smjax.worker.timing import Sample, WrongAnswerError, answers_to_time, time_answers

MS = 1_000_000


@pytest.mark.parametrize(
    ("iterations", "answer_ms", "expected"),
    [(3, 1, 3), (7, None, 7), (None, 20, 50), (None, 19.9, 51), (None, 5000, 5), (None, 0.1, 1000), (None, None, 5)],
)
def test_as_many_as_were_asked_for_or_as_fill_the_time(
    iterations: int | None, answer_ms: float | None, expected: int
) -> None:
    measure = Measure(1, iterations, 1, 600.0, sampling_s=1.0)
    slow_start = Sample(900 * MS, 900 * MS, None, None)
    warmup = (
        [] if answer_ms is None else [slow_start, Sample(int(answer_ms * MS / 2), int(answer_ms * MS / 2), None, None)]
    )
    assert answers_to_time(measure, warmup) == expected


class Telling(Engine):
    """Tells ids in parts of these sizes, whatever it is asked for."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = sizes

    def answer(self, prompt: np.ndarray, n_ids: int, heard: Heard) -> None:
        for size in self.sizes:
            heard(np.zeros(size, np.int32))


def timed(engine: Engine, each_token: bool, told: list[list[int]] | None = None) -> list[Sample]:
    return time_answers(engine, np.zeros(1, np.int32), 5, 1, each_token, lambda: None, told)  # type: ignore[arg-type]


@pytest.mark.parametrize(("sizes", "each_token"), [((1, 1, 1, 1, 1), True), ((1, 4), False), ((1, 2, 2), False)])
def test_an_answer_of_as_many_ids_as_asked_is_timed(sizes: tuple[int, ...], each_token: bool) -> None:
    told: list[list[int]] = []
    (sample,) = timed(Telling(*sizes), each_token, told)
    assert tuple(map(len, told)) == sizes
    assert (None if sample.token_ns is None else len(sample.token_ns)) == (4 if each_token else None)


@pytest.mark.parametrize(
    ("sizes", "each_token", "found"),
    [
        ((1, 1, 1), True, "expected 5 ids from the engine, each by itself, found that it told 3 times"),
        ((1, 4), True, "each by itself, found that it told 2 times"),
        ((1,) * 6, True, "found that it told 6 times"),
        ((), True, "found that it told 0 times"),
        ((5,), False, "expected the first id from the engine and then others, found that it told 1 times"),
        ((), False, "found that it told 0 times"),
        ((1, 3), False, "expected 5 ids from the engine, found 4"),
        ((2, 3), False, "expected the first id from the engine by itself, found 2 at once"),
        ((0, 5), False, "expected the first id from the engine by itself, found 0 at once"),
    ],
)
def test_one_of_more_or_fewer_is_no_answer(sizes: tuple[int, ...], each_token: bool, found: str) -> None:
    """Its rate would be of tokens that were not there."""
    with pytest.raises(WrongAnswerError, match=found):
        timed(Telling(*sizes), each_token, [])
