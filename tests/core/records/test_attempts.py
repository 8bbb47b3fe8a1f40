"""Which attempt counts is said once: the report and the plan of a sweep agree on every order of successes."""

from __future__ import annotations

import itertools
import random

import pytest

from smjax.core.records.attempts import Attempt, takes_the_place, that_count
from smjax.core.records.resolved import Resolved
from smjax.sweep.plan.standing import Process, Standing
from tests.report.factory import failed, frame_of_processes, record, scenario


def attempts(*oks: bool, slot: str = "a", first: int = 0, day: int = 1) -> list[Attempt]:
    return [Attempt(slot, number, ok, f"2026-03-{day:02d}T10:{number:02d}:00Z") for number, ok in enumerate(oks, first)]


@pytest.mark.parametrize(
    ("oks", "counts"),
    [((True,), 0), ((False,), 0), ((False, True), 1), ((True, True), 1), ((True, False), 0), ((False, False), 1)],
)
def test_the_last_that_was_ok_else_the_last(oks: tuple[bool, ...], counts: int) -> None:
    assert that_count(attempts(*oks)) == {counts}


def test_slots_are_judged_apart_and_every_first_attempt_begins_a_process() -> None:
    mixed = [*attempts(True, False), *attempts(False, True, slot="b"), *attempts(True, day=2), *attempts(False, day=3)]
    assert that_count(mixed) == {0, 3, 4, 5}


def test_a_folder_whose_first_attempt_is_lost_still_has_one_that_counts() -> None:
    assert that_count(attempts(True, False, first=1)) == {0}


def test_the_order_of_reading_changes_nothing() -> None:
    whole = [*attempts(False, True, False), *attempts(True, False, slot="b"), *attempts(True, day=2)]
    expected = {whole[place] for place in that_count(whole)}
    for seed in range(20):
        shuffled = random.Random(seed).sample(whole, len(whole))
        assert {shuffled[place] for place in that_count(shuffled)} == expected


@pytest.mark.parametrize("oks", list(itertools.product([True, False], repeat=4)))
def test_a_plan_and_a_report_count_the_same_attempt(oks: tuple[bool, ...]) -> None:
    records = [
        (record if ok else failed)(date=f"2026-03-01T10:{number:02d}:00Z") | {"attempt": number}
        for number, ok in enumerate(oks)
    ]
    standing = Standing(Resolved(scenario(), "xla", "avx2", (), "float32"), {})
    for number, ok in enumerate(oks):
        standing.add(0, Process(ok, disturbed=False, attempt=number, wall_s=1.0, rate=float(number)))
    counted = frame_of_processes(records).filter("stands")["attempt"].to_list()
    assert len(counted) == 1
    assert standing.slots[0].rate == counted[0]
    assert standing.slots[0].ok == any(oks) == oks[counted[0]]


def test_only_a_success_is_kept_from_a_failure() -> None:
    assert [takes_the_place(*pair) for pair in itertools.product([True, False], repeat=2)] == [True, False, True, True]
