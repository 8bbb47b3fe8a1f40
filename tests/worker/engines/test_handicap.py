"""A program made slower by a known share, and in nothing else different."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from smjax.core.records.request import Request
from smjax.worker.engines import handicap, make_engine
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

    def prefill(self, prompt: np.ndarray) -> int:
        return len(prompt)

    def decode(self, n_ids: int) -> Iterator[np.ndarray]:
        for start in range(0, n_ids, 2):
            self.clock.now_ns += 1000
            yield np.arange(start, min(start + 2, n_ids))


@pytest.mark.parametrize("share", [0.05, 1.0, 3.0])
def test_each_dispatch_takes_longer_by_the_share(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(handicap, "perf_counter_ns", clock)
    started, count = clock.now_ns, 0
    for ids in Handicapped(SteadyEngine(clock), share).decode(5):
        took = clock.now_ns - started
        assert 0 <= took - 1000 * (1 + share) <= 10, "but for the readings of the clock"
        assert ids.tolist() == list(range(5))[2 * count : 2 * count + 2]
        count += 1
        clock.now_ns += 12345  # what lies between two dispatches is not theirs
        started = clock.now_ns
    assert count == 3


def test_everything_else_is_the_engine_s(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(handicap, "perf_counter_ns", clock)
    engine = Handicapped(SteadyEngine(clock), 0.5)
    assert (engine.name, engine.prefill(np.zeros(7))) == ("steady", 7)
    assert clock.now_ns == 0
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = engine.no_such_name


def test_only_a_scenario_with_a_handicap_gets_one() -> None:
    model, plain = random_model(CONFIG), scenario()
    slower = replace(plain, measure=replace(plain.measure, handicap=0.05))
    assert type(make_engine(Request("measure", chosen(plain)), model)) is SmjaxEngine
    assert type(make_engine(Request("measure", chosen(slower)), model)) is Handicapped
