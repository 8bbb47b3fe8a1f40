"""What a measurement does besides timing: late questions, and nothing that was measured is lost by one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from smjax.core.records.answer import Bandwidth, Sample
from smjax.core.records.request import Request
from smjax.worker.tasks import Session
from smjax.worker.tasks.measure import read_bandwidth
from tests.sweep.points import chosen
from tests.worker.models import scenario


@pytest.fixture
def session() -> Session:
    """One that has timed an answer, and whose engine is a test's."""
    found = Session(Request("measure", chosen(scenario())), lambda phase: None)
    found.answer.samples, found.answer.bytes_per_token = [Sample(1, 1)], 1000
    return found


def no_threads() -> float:
    raise ValueError("native kernel: threads: expected 2, found that the system starts no more")


def no_room() -> float:
    return float(np.ones(1 << 62, np.uint8)[0])


def a_slip() -> float:
    raise TypeError("a slip")


def engine_that(read: Callable[[], float]) -> Any:
    return SimpleNamespace(read_bandwidth=read)


@pytest.mark.parametrize("read", [no_threads, no_room])
def test_a_bandwidth_that_cannot_be_read_costs_nothing_that_was_measured(
    read: Callable[[], float], session: Session
) -> None:
    session.engine = engine_that(read)
    read_bandwidth(session)
    assert session.answer.read_bandwidth == Bandwidth(None, 1000)
    assert session.answer.samples == [Sample(1, 1)]
    assert "bandwidth" in session.answer.phases_ns


def test_any_other_failure_is_one(session: Session) -> None:
    session.engine = engine_that(a_slip)
    with pytest.raises(TypeError, match="a slip"):
        read_bandwidth(session)


def test_what_computes_is_asked_once_the_first_id_is_there(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking through an engine's libraries is no part of a cold start."""
    now_ns = [0]
    monkeypatch.setattr("smjax.worker.tasks.session.time.monotonic_ns", lambda: now_ns[0])

    def versions() -> dict[str, str]:
        now_ns[0] += 10**9
        return {"engine": "1.2"}

    session.answer.versions = {"python": "3"}
    session.engine = SimpleNamespace(versions=versions)  # type: ignore[assignment]
    now_ns[0] = 7
    session.cold_start_done()
    session.phase_done("check")
    assert session.answer.phases_ns == {"cold_start": 7, "check": 0}
    assert session.answer.versions == {"python": "3", "engine": "1.2"}
