"""Figures of one definition, and in one state of the cores where that is known."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from smjax.core.records.columns import METRICS
from smjax.report.compare.between import Sides, between_runs
from smjax.report.compare.comparable import comparable
from smjax.report.compare.comparison import Question, compare
from smjax.report.compare.earlier import below
from smjax.report.compare.pairing import Pair, Process
from smjax.report.compare.within import within_sweep
from tests.report.compare.sweeps import DECODE, noise, run
from tests.report.data.test_states import process
from tests.report.factory import placed, read, record, run_folder

BASE, NEW = (read([placed(record(label=label), 0)])[0] for label in ("base", "new"))
ALONE = noise(1, 12, 0.003)
SHARED = [0.6 * rate for rate in noise(2, 12, 0.003)]
OFTEN_ALONE = [1, 1, 0.6, 1, 1, 0, 0.6, 1, 1, 1, 0.6, 1]
SELDOM_ALONE = [1, 0, 0.5, 0, 1, 0, 0.5, 0, 1, 0, 0.5, 0]
"""Of processes, how much of the time each was alone."""


def side(record, alone_shares, faster=1.0, blocks=True):
    """A process for each share of its time that its cores were alone; its figure is of what it was in mostly."""
    found = []
    for block, share in enumerate(alone_shares):
        figures = {"alone": faster * ALONE[block], "shared": faster * SHARED[block]}
        by_state = {state: figures[state] for state, part in (("alone", share), ("shared", 1 - share)) if part > 0}
        mostly = figures["alone" if share > 0.5 else "shared"]
        found.append(Process(record, mostly, (0, block) if blocks else None, 0, share, by_state))
    return found


def compared(base, new, axis="label"):
    (row,) = compare([comparable(Pair(base, new, axis), DECODE.metrics)], [None], DECODE)
    return row


@pytest.mark.parametrize("blocks", [True, False])
def test_sides_that_were_in_two_states_are_compared_within_one(blocks):
    """5 % faster, while base had twice as many neighbours: in all it would be 60 %."""
    base = side(BASE, SELDOM_ALONE, blocks=blocks)
    new = side(NEW, OFTEN_ALONE, 1.05, blocks=blocks)
    row = compared(base, new)
    assert row.ratio == pytest.approx(1.05, abs=0.003)
    assert row.verdict == "faster"
    assert row.why[0] == "compared within one state: cores alone: 38 % of base's time, 82 % of new's"
    assert row.count == (6, 11), "as many as were alone at all"
    assert (row.base, row.new) == pytest.approx((100, 105), rel=0.01)


def test_the_state_is_the_one_that_both_have_most_of():
    row = compared(side(BASE, [0, 0, 0, 0, 0.5, 0.5] * 2), side(NEW, [1, 0, 0, 0, 0, 0.1] * 2))
    assert row.why[0].startswith("compared within one state: cores shared: 83 % of base's time")
    assert row.base == pytest.approx(60, rel=0.01)


def test_sides_with_no_state_in_common_are_undecided():
    row = compared(side(BASE, [1] * 8), side(NEW, [0] * 8))
    assert (row.ratio, row.bounds, row.detectable, row.verdict) == (None, None, None, "undecided")
    assert row.why == ("no state of the cores in common: cores alone: 100 % of base's time, 0 % of new's",)
    assert (row.base, row.new) == pytest.approx((100, 60), rel=0.01), "they are told all the same"


@pytest.mark.parametrize("share", [1, 0, 0.95])
def test_where_both_were_in_one_state_or_nobody_knows_all_figures_count(share):
    known = side(BASE, [share] * 8), side(NEW, [share] * 8, 1.05)
    row = compared(*known)
    assert not any("state" in said for said in row.why)
    assert row.count == (8, 8)
    unknown = [Process(one.record, one.value, one.block) for one in known[0]]
    assert compared(unknown, known[1]).ratio == row.ratio


def without_state(processes, places):
    return [
        Process(one.record, one.value, one.block) if place in places else one for place, one in enumerate(processes)
    ]


def test_some_processes_that_do_not_know_their_state_are_left_out_of_one_and_counted():
    """They do not make a pair count as if nobody knew."""
    base, new = side(BASE, SELDOM_ALONE), side(NEW, OFTEN_ALONE, 1.05)
    whole, some = compared(base, new), compared(without_state(base, {0, 3}), without_state(new, {0}))
    assert some.ratio == pytest.approx(1.05, abs=0.003)
    assert some.why[0].startswith("compared within one state: cores alone: 35 % of base's time, 80 % of new's")
    assert some.why[1] == "not known of 2 of base's 12 processes and 1 of new's 12 processes whether cores were shared"
    assert some.count == (whole.count[0] - 1, whole.count[1] - 1)


def test_a_side_of_which_nobody_knows_is_compared_as_it_is_and_that_is_said():
    base, new = side(BASE, SELDOM_ALONE), side(NEW, OFTEN_ALONE, 1.05)
    said = "not known of 12 of base's 12 processes whether cores were shared"
    row = compared(without_state(base, range(12)), new)
    assert (row.why[0], row.count) == (said, (12, 12))
    steady = compared(without_state(side(BASE, [1] * 12), range(12)), side(NEW, [1] * 12))
    assert (steady.why[0], steady.verdict) == (said, "same")
    neither = compared(without_state(base, range(12)), without_state(new, range(12)))
    assert not any("shared" in said for said in neither.why), "old records: as documented"


def more_blocks(row):
    (told,) = (said for said in row.why if said.endswith(" more blocks would decide"))
    return int(told.split()[1])


def test_more_blocks_are_counted_with_those_that_were_in_another_state():
    """Twelve, of which four say nothing of cores alone: three blocks more are two that do."""
    factors = noise(3, 12, 0.05, centre=1)
    base, new = side(BASE, [1, 1, 0] * 4), side(NEW, [1, 1, 0] * 4)
    new = [replace(one, by_state={"alone": 100 * factor}) for one, factor in zip(new, factors, strict=True)]
    new = [one if one.alone_share else replace(one, by_state={}) for one in new]
    row = compared(base, new)
    some = [[replace(one, value=one.by_state["alone"]) for one in all_ if one.alone_share] for all_ in (base, new)]
    alone = compared(*some)
    assert alone.bounds == row.bounds
    assert more_blocks(row) == math.ceil(more_blocks(alone) * 12 / 8)


def of_schema(schema, number):
    records = run(noise(number, 8, 0.002), run=f"run-{number}", day=number)
    return [read([one | {"schema": schema} for one in records])]


@pytest.mark.parametrize("metric", ["peak_rss_mb", "steady_rss_mb"])
@pytest.mark.parametrize(("old", "new", "is_other"), [(1, 3, True), (2, 3, True), (1, 2, False), (3, 3, False)])
def test_memory_of_old_records_is_another_figure(metric, old, new, is_other):
    (row,), _ = between_runs(Sides(of_schema(old, 1), of_schema(new, 2)), Question((METRICS[metric],), 0.02))
    assert (row.ratio is None) == is_other
    assert (f"{metric} of records before schema 3 is another figure" in row.why) == is_other
    assert row.base is not None
    (row,), _ = between_runs(Sides(of_schema(old, 1), of_schema(new, 2)), DECODE)
    assert row.ratio is not None


def probed(rates, is_shared, run, label="", day=1):
    """A run of processes that each answered five times in one state, or the other."""
    made = [
        process(*[(rate, shared)] * 5, number=number, label=label)
        for number, (rate, shared) in enumerate(zip(rates, is_shared, strict=True))
    ]
    return [
        placed(one | {"date": one["date"].replace("03-01", f"03-{day:02d}")}, block, int(label == "new"), run=run)
        for block, one in enumerate(made)
    ]


def mixed(faster, is_shared):
    return [faster * (slow if shared else fast) for fast, slow, shared in zip(ALONE, SHARED, is_shared, strict=True)]


OFTEN, SELDOM = [True, False] * 6, [False, False, True] * 4


def test_records_that_know_their_cores_are_compared_so_within_a_sweep():
    records = [
        *probed(mixed(1, OFTEN), OFTEN, "first", "base"),
        *probed(mixed(1.05, SELDOM), SELDOM, "first", "new"),
    ]
    (row,), _ = within_sweep(read(records), "label", "base", DECODE)
    assert row.ratio == pytest.approx(1.05, abs=1e-6), "the same process in each block but for the factor"
    assert re.fullmatch(r"compared within one state: cores alone: \d\d % of base's time, \d\d % of new's", row.why[0])
    assert row.count == (6, 8)
    (memory,), _ = within_sweep(read(records), "label", "base", Question((METRICS["peak_rss_mb"],), 0.02))
    assert memory.count == (12, 12), "it does not depend on who shares the cores"


def with_all_figures(records):
    """The same processes with a time for each token, and energy that grows with it."""
    for one in records:
        one["scenario"]["tokens_per_dispatch"] = 1
        for answer in one["samples"]:
            answer["token_ns"] = [answer["decode_ns"] // 100] * 100
        one["energy"] = {"joules_per_token": answer["decode_ns"] / 1e9}
    return records


TOGETHER = ["sustained_tok_per_s", "itl_ms_p50", "itl_ms_p90", "itl_ms_p99", "energy_j_per_token"]
HALF = "is of both states of the cores together: cores alone: 50 % of base's time"


def asked_of(metric, base, new):
    """Base beside what is 5 % faster, by whose cores were shared; within a sweep, and as two runs."""
    ours = with_all_figures(probed(mixed(1, base), base, "first", "base"))
    theirs = with_all_figures(probed(mixed(1.05, new), new, "first", "new"))
    question = Question((METRICS[metric],), 0.02)
    (within,), _ = within_sweep(read([*ours, *theirs]), "label", "base", question)
    (between,), _ = between_runs(Sides([read(ours)], [read(theirs)], None, 0.001), question)
    return within, between


@pytest.mark.parametrize("metric", TOGETHER)
def test_figures_of_both_states_together_are_undecided_where_the_sides_had_unlike_shares(metric):
    """A sixth more of new's time was quiet, which made some of the difference."""
    for row in asked_of(metric, OFTEN, SELDOM):
        assert (row.ratio, row.bounds, row.verdict) == (None, None, "undecided")
        (said,) = row.why
        assert said == f"{metric} {HALF}, 67 % of new's"
        assert None not in (row.base, row.new)


@pytest.mark.parametrize("metric", TOGETHER)
def test_and_are_told_to_be_that_where_the_shares_were_alike(metric):
    within, _ = asked_of(metric, OFTEN, OFTEN)
    assert (within.verdict, within.count) == ("faster", (12, 12))
    assert within.why[0] == f"{metric} {HALF}, 50 % of new's"


@pytest.mark.parametrize("metric", [*TOGETHER, "load_s", "peak_rss_mb"])
def test_and_nothing_is_told_where_all_was_one_state_or_it_does_not_matter(metric):
    for shared in ([False] * 12, [True] * 12) if metric in TOGETHER else (OFTEN,):
        within, between = asked_of(metric, shared, shared)
        assert not any("state" in said for row in (within, between) for said in row.why)
        assert within.ratio is not None


def test_both_sides_are_judged_by_the_best_that_either_knows_of():
    """A run that was the machine's first, all of it beside a neighbour, took shared cores for the best there is."""
    base, new = probed(mixed(1, [True] * 12), [True] * 12, "first"), probed(ALONE, [False] * 12, "second", day=2)
    for one in base:
        one["readings"]["best_additions_per_cycle"] = 2.2
    (row,), _ = between_runs(Sides([read(base)], [read(new)]), DECODE)
    assert row.why == ("no state of the cores in common: cores alone: 0 % of base's time, 100 % of new's",)


def test_and_between_runs_whose_spread_is_that_of_the_state(tmp_path):
    """Runs of which each had another share of neighbours: 20 % apart in all, 0.1 % apart while alone."""
    for number, share in enumerate((0, 2, 4, 6, 8, 3)):
        is_shared = [place < share for place in range(12)]
        run_folder(tmp_path / str(number), probed(mixed(1, is_shared), is_shared, f"earlier-{number}", day=2 + number))
    base = probed(mixed(1, OFTEN), OFTEN, "base", day=20)
    new = probed(mixed(1.05, SELDOM), SELDOM, "new", day=21)
    (row,), _ = between_runs(Sides([read(base)], [read(new)], below(tmp_path)), DECODE)
    assert row.verdict == "faster"
    assert (row.count, row.are_runs) == ((6, 8), False)
    (said,) = row.spread
    assert float(re.match(r"spread between runs with 1 thread: ([\d.]+) %", said)[1]) < 1
