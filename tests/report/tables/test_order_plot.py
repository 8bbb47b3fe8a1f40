"""Rows of two speeds or with a trend show their processes in the order of time."""

from __future__ import annotations

import pytest

from smjax.report.data.pool import pool_runs
from smjax.report.render.markdown import markdown
from smjax.report.tables import run_table
from smjax.report.tables.order_plot import MOST
from tests.report.factory import processes, scenarios

TWO_SPEEDS = [4605, 4783, 4817, 6383, 6420, 6514, 6450, 6470, 6400, 6490, 6500, 6444]
DRIFTING = [8900 - 100 * number + 20 * (number % 3) for number in range(12)]
SERIAL = [100, 101, 102, 101.5, 100.5, 99, 98, 99.5, 100.4, 101.2, 101.9, 101.1, 99.8, 98.4, 98.2, 99.9]
STEADY = [4330, 4341, 4318, 4352, 4329, 4312, 4344, 4335, 4327, 4348, 4322, 4338]


def in_time(rates, **changes):
    """A process of three answers for each rate, a minute after the other."""
    made = processes([[rate, rate * 1.001, rate * 0.999] for rate in rates], **changes)
    return [one | {"date": f"2026-03-01T10:{number:02}:00+00:00"} for number, one in enumerate(made)]


def with_probes(records, shared):
    """The same on a machine that can do 4 additions a cycle; in the processes of `shared` its cores do half."""
    for number, one in enumerate(records):
        one["probes"] = {"additions_per_cycle": [[2.0 if number in shared else 3.9]] * 5}
        one["readings"] = {"best_additions_per_cycle": 4.0}
    return records


def grid(records):
    (found,) = run_table.grids(scenarios(records))
    return found


@pytest.mark.parametrize(
    ("rates", "reason"), [(TWO_SPEEDS, "two speeds: 25 % of processes at 4.7k"), (DRIFTING, "drifting: -1.")]
)
def test_a_row_that_has_no_interval_is_drawn(rates, reason):
    found = grid([*in_time(rates), *in_time(STEADY, threads=2)])
    (picture,) = found.pictures
    assert picture.caption.startswith(f"tinystories-1m, 1 thread, ctx 256: decode tok/s of its 12 processes; {reason}")
    assert picture.values == tuple(pytest.approx(rate) for rate in rates)
    assert picture.marks == "o" * 12
    assert "alone" not in picture.below, "nobody looked"
    text = markdown([found])
    assert text.count("```text") == 1
    assert "no interval:" not in text, "the picture says it"


def test_processes_stand_in_the_order_in_which_they_ran():
    records = in_time(TWO_SPEEDS)
    shuffled = [records[place] for place in (7, 3, 11, 0, 1, 10, 2, 9, 4, 8, 6, 5)]
    assert grid(shuffled).pictures == grid(records).pictures != ()


def test_marks_tell_states_where_they_are_known():
    (picture,) = grid(with_probes(in_time(TWO_SPEEDS), shared=(0, 1, 2))).pictures
    assert picture.marks == "xxx" + "o" * 9
    assert picture.below == "processes in the order of time; o alone, x on shared cores"


@pytest.mark.parametrize("rates", [STEADY, [100], [4605, 4783, 6383, 6420, 6450, 6470, 6400]])
def test_rows_with_an_interval_and_few_processes_are_not_drawn(rates):
    assert grid(in_time(rates)).pictures == ()


def test_a_pool_of_runs_is_not_drawn():
    runs = [one | {"run": "a", "machine": "here"} for one in in_time(TWO_SPEEDS)]
    (found,) = run_table.grids(pool_runs(scenarios(runs)))
    assert found.pictures == ()


def test_of_many_the_others_are_counted_and_their_reasons_told():
    records = [one for threads in range(1, MOST + 3) for one in in_time(TWO_SPEEDS, threads=threads)]
    found = grid(records)
    assert len(found.pictures) == MOST
    assert "and 2 more with two speeds or a trend, which are not drawn" in found.notes
    assert "tinystories-1m, 7 threads, ctx 256; tinystories-1m, 8 threads, ctx 256: no interval: two speeds: 25 %" in (
        markdown([found])
    )
