"""A point's way from its op to its answer: what is checked, what is counted, and that a failure is one line."""

from __future__ import annotations

import itertools
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from smjax.core.records.point import Point, PointAnswer
from smjax.worker.kernels import Setup
from smjax.worker.micro import timing
from smjax.worker.micro.growth import growth_per_1000_calls
from smjax.worker.micro.programs import COUNTER, Programs
from smjax.worker.micro.setup import MicroSetup
from smjax.worker.micro.timing import LEAST_SAMPLES, Batch, measure_point
from smjax.worker.micro.work import Work

SECONDS = 0.01
SETUP = MicroSetup(Setup())


def doubled(sizes: tuple[int, ...], random: np.random.Generator, **differences: Any) -> Work:
    """A user's function."""
    x = random.standard_normal(sizes, np.float32)
    return Work(
        **{"run": lambda x: 2 * x, "inputs": (x,), "bytes": 2 * x.nbytes, "flops": x.size, "reference": 2.0 * x}
        | differences
    )


def measured(monkeypatch: pytest.MonkeyPatch, cache: Any = "hot", **differences: Any) -> PointAnswer:
    monkeypatch.setattr(
        timing, "make_work", lambda point, setup: doubled((8, 9), np.random.default_rng(1), **differences)
    )
    return measure_point(Point("any:doubled", "8x9", cache), SETUP, SECONDS)


def test_a_point_has_samples_of_both_kinds_and_says_of_how_many_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = measured(monkeypatch)
    assert (answer.status, answer.reason, answer.nmse) == ("ok", "", 0)
    assert (answer.flops, answer.bytes, answer.temp_bytes) == (72, 576, 0)
    assert len(answer.samples) >= LEAST_SAMPLES
    assert all(sample.call_ns and sample.loop_ns and sample.loop_ns < sample.call_ns for sample in answer.samples)
    assert (answer.calls_per_sample or 0) > 1, "a call of some microseconds is not worth a look at the clock"
    assert (answer.rounds_per_sample or 0) > (answer.calls_per_sample or 0)


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ({"reference": lambda x: 2.01 * x}, "output: expected NMSE <= 1e-05, found 2.48e-05"),
        ({"reference": np.zeros(3)}, "output: expected [3] as the reference, found [8, 9]"),
        ({"run": lambda x: x + jnp.nan}, "output: expected NMSE <= 1e-05, found nan"),
        ({"run": lambda x: 1 / 0}, "ZeroDivisionError: division by zero"),
        ({"run": lambda x: None}, "run: expected arrays, found that it returns none"),
        ({"inputs": (np.zeros(3),)}, "inputs: expected types that JAX keeps, found float64; convert them to float32"),
        (
            {"run": lambda x: x[:1], "in_place": 1},
            "expected float32[8, 9] in the place of an input, found float32[1, 9]",
        ),
    ],
)
def test_a_point_that_fails_says_why_in_one_line_and_has_no_figure(
    monkeypatch: pytest.MonkeyPatch, differences: dict[str, Any], expected: str
) -> None:
    answer = measured(monkeypatch, **differences)
    assert answer.status == "failed"
    assert expected in answer.reason
    assert "\n" not in answer.reason
    assert answer.samples == []


def test_what_is_updated_in_place_goes_on_from_call_to_call() -> None:
    work = doubled((3,), np.random.default_rng(1), run=lambda x: (x + 1, x.sum()), in_place=1)
    programs = Programs.of(work)
    programs.calls(4)
    programs.rounds(5)
    np.testing.assert_allclose(programs.arrays[0], work.inputs[0] + 9, rtol=1e-6)
    assert "may-alias" in programs.loop.as_text()
    assert "may-alias" in programs.call.as_text()


def test_cold_inputs_are_walked_over_before_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    order = []
    x = np.ones(4, np.float32)
    monkeypatch.setitem(SETUP.__dict__, "walk", lambda: order.append("walk"))
    answer = measured(
        monkeypatch, cache="cold", run=lambda x: x, reference=x, inputs=(x,), run_many=lambda n: order.append("call")
    )
    assert answer.status == "ok"
    assert answer.rounds_per_sample is None
    assert all(sample.call_ns and sample.loop_ns is None for sample in answer.samples)
    first = order.index("walk")
    assert order[first : first + 2 * len(answer.samples)] == ["walk", "call"] * len(answer.samples)


def test_the_clock_is_looked_at_seldom_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is moved by hand: calls of 7 ns, and loops that take 20,000 to start."""
    now = [0]
    monkeypatch.setattr(timing, "perf_counter_ns", lambda: now[0])

    class Runner:
        temp_bytes = None

        def once(self) -> list[np.ndarray]:
            return []

        def calls(self, count: int) -> None:
            now[0] += 7 * count

        def rounds(self, count: int) -> None:
            now[0] += 20_000 + 7 * count

    batch = Batch.of(Runner())
    assert 7 * batch.calls >= timing.CALLS_NS
    assert 7 * batch.rounds >= timing.ROUNDS_NS
    assert batch.start_ns == 20_000
    samples = timing._hot_samples(Runner(), batch, 0.01)
    assert {(sample.call_ns, sample.loop_ns) for sample in samples} == {(7, 7)}


@pytest.mark.parametrize(
    ("each", "step", "expected"), [(0, 262_144, 0), (100, 262_144, 100_000), (0, 0, 0), (-8, 0, -8000)]
)
def test_growth_is_what_every_window_shows(
    monkeypatch: pytest.MonkeyPatch, each: int, step: int, expected: float
) -> None:
    """`step` is an allocator's: once, in the middle."""
    called = [0]
    monkeypatch.setattr(
        "smjax.worker.micro.growth.resident_parts", lambda: (each * called[0] + step * (called[0] > 25), 0)
    )
    assert growth_per_1000_calls(lambda n: called.__setitem__(0, called[0] + n), 10) == expected


def test_the_loop_counts_so_that_xla_keeps_it() -> None:
    """Over less, it is one function, which LLVM empties: 0.3 ns a round were measured."""
    work = doubled((1,), np.random.default_rng(1))
    text = Programs.of(work).loop.as_text()
    assert f"s32[{COUNTER}]" in text
    assert "small_call" not in text


def test_inputs_are_the_same_whatever_was_measured_before() -> None:
    assert SETUP.random().integers(1 << 40) == SETUP.random().integers(1 << 40)


def test_a_page_in_each_window_is_less_growth_the_longer_windows_are(monkeypatch: pytest.MonkeyPatch) -> None:
    readings, called = itertools.count(step=4096), list[int]()
    monkeypatch.setattr("smjax.worker.micro.growth.resident_parts", lambda: (next(readings), 0))
    assert growth_per_1000_calls(called.append, 100) == pytest.approx(4096 * 1000 / 900)
    assert called == [100] * 5 + [300] * 5 + [900] * 5
