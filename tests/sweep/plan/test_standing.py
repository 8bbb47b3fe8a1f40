"""What is known of a scenario's processes, and how many it should have."""

from __future__ import annotations

import dataclasses

import pytest

from smjax.core.records.document import made_record
from smjax.stats.intervals import NOT_TESTABLE, judge
from smjax.stats.stopping import needed
from smjax.sweep.plan.standing import Process, Standing, process_of
from tests.report.factory import record, sample
from tests.sweep.plan.plans import BAD, GOOD, ONE, with_measure
from tests.sweep.points import chosen

LOUD = [7310.0, 7000, 7400, 7101, 7350, 7000, 7222, 7550]
EIGHT = with_measure(ONE, replicates=8)


def standing(rates: list[float | None], replicates: int = 8) -> Standing:
    """A scenario whose processes had these rates in the order of slots; None for one that failed."""
    slots = {i: dataclasses.replace(GOOD, rate=rate) if rate else BAD for i, rate in enumerate(rates)}
    return Standing(chosen(with_measure(ONE, replicates=replicates)), slots)


def test_a_record_tells_what_a_plan_needs() -> None:
    samples = [sample(decode_ms) for decode_ms in (1000, 2000, 10000)]
    whole = record(samples, flags=["disturbed"], n_gen=129) | {"wall_ns": 3 * 10**9}
    assert process_of(made_record(whole)) == Process(True, True, 0, 3.0, 64.0)
    failed = made_record({**whole, "status": "failed", "attempt": 1})
    assert process_of(failed) == Process(False, True, 1, 3.0, None)


def test_the_first_stage_alone_says_how_many_there_should_be() -> None:
    first = standing([*LOUD])
    assert first.wanted == needed(LOUD, 0.02) > 8
    for later in ([1.0], [7200.0] * 5, [None]):
        assert standing([*LOUD, *later]).wanted == first.wanted


def test_one_that_failed_in_the_first_stage_is_made_up_for() -> None:
    assert standing([*LOUD[:3], None, *LOUD[4:]]).wanted == 1 + needed([*LOUD[:3], *LOUD[4:]], 0.02)


@pytest.mark.parametrize("lost", range(5))
def test_one_that_failed_of_a_short_first_stage_leaves_the_decision_to_the_others(lost: int) -> None:
    """Whatever they say: with six processes, the least that make up for it, the row would not be done."""
    rates: list[float | None] = [*LOUD[:5]]
    rates[lost] = None
    left = [rate for rate in rates if rate]
    assert standing(rates, replicates=5).wanted == 1 + needed(left, 0.02) > 8
    calm = [None if rate is None else 7000 + rate / 1000 for rate in rates]
    assert standing(calm, replicates=5).wanted == 5


def test_two_speeds_are_worth_all_that_there_may_be() -> None:
    assert standing([5000.0, 5010, 7000, 7010, 7020, 7005, 7008, 7001]).wanted == 30


@pytest.mark.parametrize(
    ("rates", "least", "more"), [([None, None], 0, False), ([None, None, 5.0], 8, False), ([None], 8, True)]
)
def test_one_that_only_fails_is_given_up_and_one_that_fails_often_gets_no_more(
    rates: list[float | None], least: int, more: bool
) -> None:
    found = standing(rates)
    assert (found.least, found.may_have_more) == (least, more)


def test_one_process_has_no_stages() -> None:
    alone = standing([5.0], replicates=1)
    assert (alone.least, alone.first, alone.may_have_more) == (1, 1, False)


def test_the_interval_answers_for_the_choice_of_its_size() -> None:
    rates = [*LOUD, *(7200.0 + i for i in range(8))]
    assert standing([*rates]).interval == judge(rates, first=8, target=0.02)
    with_failure: list[float | None] = [None, *rates[1:]]
    assert standing(with_failure).interval == judge(rates[1:], first=7, target=0.02)
    assert standing([*LOUD[:4]]).interval == judge(LOUD[:4])
    assert standing([*LOUD[:4]]).interval.reason == NOT_TESTABLE


def test_only_what_a_comparison_compares_tells_scenarios_of_a_block_apart() -> None:
    compared = {"engine": "other", "kernel": "xla", "isa": "avx2", "kv_dtype": "float32", "label": "b", "python": "py"}
    handicapped = with_measure(ONE, handicap=0.05)
    alike = [ONE, handicapped, *(dataclasses.replace(ONE, **{name: value}) for name, value in compared.items())]  # type: ignore[arg-type]
    assert len({Standing(chosen(one), {}, "hash").same for one in alike}) == 1
    sizes = {"threads": 2, "ctx": 512, "n_prompt": 64, "n_gen": 64, "tokens_per_dispatch": 4}
    others = [dataclasses.replace(ONE, **{name: value}) for name, value in sizes.items()]  # type: ignore[arg-type]
    assert len({Standing(chosen(one), {}, "hash").same for one in [ONE, *others]}) == 6
    assert Standing(chosen(ONE), {}, "hash").same != Standing(chosen(ONE), {}, "another").same
