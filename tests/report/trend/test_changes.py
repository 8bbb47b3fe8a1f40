"""Steps in rows' histories: how large, since when, and what changed there."""

from __future__ import annotations

import pytest

from smjax.stats.steps import FALSE_ALARMS
from tests.report.trend.histories import found, history, slower_from


def jaxlib_from(place: int):
    return lambda number: "0.11.0" if number >= place else "0.10.2"


def test_a_step_is_told_with_its_size_its_runs_and_what_changed_there():
    (course,) = found(history(20, slower_from(11), jaxlib=jaxlib_from(11)))
    (change,) = course.changes
    assert (change.step.before, change.step.after) == (11, 9)
    assert change.since.date == "2026-03-12T10:00:00Z"
    assert change.verdict == "slower"
    assert change.bounds.lo < 0.92 < change.bounds.hi
    assert change.changed == {"jaxlib": ("0.10.2", "0.11.0")}
    assert change.beside == {}
    assert (change.step.was, change.step.now) == pytest.approx((100, 92), rel=0.01)


def test_what_changed_beside_a_step_is_told_too():
    for place, where in ((10, "a run before"), (12, "a run later")):
        (course,) = found(history(20, slower_from(11), jaxlib=jaxlib_from(place)))
        (change,) = course.changes
        assert (change.changed, change.beside) == ({}, {where: {"jaxlib": ("0.10.2", "0.11.0")}})


def test_better_and_worse_are_those_of_the_metric():
    slower = history(20, slower_from(11))
    for metric, verdict in (("decode_tok_per_s", "slower"), ("e2e_tok_per_s", "slower"), ("tpot_ms", "slower")):
        assert [change.verdict for change in found(slower, metric=metric)[0].changes] == [verdict]
    faster = history(20, slower_from(11, -0.08))
    assert [change.verdict for change in found(faster, metric="tpot_ms")[0].changes] == ["faster"]
    assert found(slower, metric="peak_rss_mb")[0].changes == ()


def test_all_rows_together_have_the_chance_of_one_false_step(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "smjax.stats.steps.splits.chances", lambda part, allowed: asked.append(sum(allowed)) or (1.0, 1.0)
    )
    found(
        *(history(20, slower_from(99), threads=threads, seed=threads) for threads in (1, 2, 4)),
        history(3, slower_from(9)),
    )
    assert asked == [pytest.approx(FALSE_ALARMS / 3)] * 3


def test_intervals_of_several_steps_are_wider_than_of_one():
    one = found(history(20, slower_from(11)))[0].changes[0].bounds
    both = found(history(20, slower_from(11)), history(20, slower_from(11), threads=2))
    assert all(course.changes[0].bounds.hi - course.changes[0].bounds.lo > one.hi - one.lo for course in both)


def test_too_few_runs_and_unknown_machines_are_told():
    (course,) = found(history(5, slower_from(2, 0.5)))
    assert (course.changes, course.why) == ((), ("too few runs for any verdict: 5, of 8 at least",))
    (course,) = found(history(3, slower_from(9), machine=""))
    assert course.why[-1] == "a machine like aaaaaaaaaaaa, told apart by its type alone"
