"""A program made slower by a known share, and in nothing else different."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from smjax.core.records.request import Request
from smjax.worker.engines import Heard, handicap, make_engine
from smjax.worker.engines.handicap import Handicapped
from smjax.worker.engines.smjax.engine import SmjaxEngine
from tests.small_llama import CONFIG
from tests.sweep.points import chosen
from tests.worker.models import random_model, scenario


class Clock:
    """Moves by 1 when it is read."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        self.now_ns += 1
        return self.now_ns


class SteadyEngine:
    """Two ids a dispatch, each of which takes 1000 ns of the clock."""

    name = "steady"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def answer(self, prompt: np.ndarray, n_ids: int, heard: Heard) -> None:
        self.clock.now_ns += 777
        heard(prompt[-1:])
        for start in range(1, n_ids, 2):
            self.clock.now_ns += 1000
            heard(np.arange(start, min(start + 2, n_ids)))


@pytest.mark.parametrize("share", [0.05, 1.0, 3.0])
def test_each_dispatch_takes_longer_by_the_share(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(handicap, "perf_counter_ns", clock)
    times, ids = [clock.now_ns], list[int]()

    def heard(found: np.ndarray) -> None:
        times.append(clock.now_ns)
        ids.extend(found.tolist())
        clock.now_ns += 12345  # what is done with ids is no part of the next dispatch

    Handicapped(SteadyEngine(clock), share).answer(np.array([9]), 6, heard)
    first, *dispatches = np.diff(times)
    assert 0 <= first - 777 <= 10, "the prompt is not slowed down"
    assert ids == [9, 1, 2, 3, 4, 5]
    assert len(dispatches) == 3
    for took in dispatches:
        assert 0 <= took - 12345 - 1000 * (1 + share) <= 10, "but for the readings of the clock"


def test_everything_else_is_the_engine_s(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(handicap, "perf_counter_ns", clock)
    engine = Handicapped(SteadyEngine(clock), 0.5)
    assert (engine.name, engine.clock, clock.now_ns) == ("steady", clock, 0)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = engine.no_such_name


def test_only_a_scenario_with_a_handicap_gets_one() -> None:
    model, plain = random_model(CONFIG), scenario()
    slower = replace(plain, measure=replace(plain.measure, handicap=0.05))
    assert type(make_engine(Request("measure", chosen(plain)), model)) is SmjaxEngine
    assert type(make_engine(Request("measure", chosen(slower)), model)) is Handicapped
