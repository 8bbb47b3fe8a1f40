"""Several runs as one row: figures and intervals are over runs, and what may be of two machines stays apart."""

from __future__ import annotations

import math

import numpy as np
import pytest

from smjax.core.records.columns import COLUMN_NAMES
from smjax.report.data.pool import pool_runs
from tests.report.factory import failed, processes, record, sample, scenarios


def run(name, rates, *, machine="here", **changes):
    """A run of a process for each rate, with ids of its own."""
    made = processes([[rate, rate, rate] for rate in rates], **changes)
    return [one | {"run": name, "machine": machine, "id": f"{one['id']}-{name}-{machine}"} for one in made]


def pooled(*runs):
    return pool_runs(scenarios([record for one in runs for record in one])).to_dicts()


THREE = (run("a", [100, 101, 99]), run("b", [110, 111, 109]), run("c", [120, 119, 121]))


def test_the_run_is_the_unit():
    (row,) = pooled(*THREE)
    assert (row["runs"], row["replicates"], row["samples"]) == (3, 9, 27)
    assert row["run"] == "a;b;c"
    assert row["decode_tok_per_s"] == pytest.approx(110)
    # Student's t with 2 degrees of freedom on the logarithms of 100, 110, 120
    logs = [math.log(rate) for rate in (100, 110, 120)]
    mean = sum(logs) / 3
    error = math.sqrt(sum((log - mean) ** 2 for log in logs) / 2 / 3)
    ends = [math.exp(mean + side * 4.30265 * error) for side in (-1, 1)]
    assert [row["decode_tok_per_s_lo"], row["decode_tok_per_s_hi"]] == pytest.approx(ends, rel=1e-5)
    assert row["decode_tok_per_s_medians"] == [pytest.approx(rate) for one in THREE for rate in rates_of(one)]
    assert row["flags"] == "runs-pooled"
    assert row["no_interval_reason"] is None


def rates_of(records):
    return [100e9 / one["samples"][0]["decode_ns"] for one in records]


def test_a_figure_that_one_of_the_runs_has_says_so():
    first = [one | {"read_bandwidth": {"bytes_per_s": 1e9}} for one in THREE[0]]
    (row,) = pooled(first, THREE[1])
    assert row["roofline"] == pytest.approx(0.4)
    assert (row["roofline_lo"], row["why_none"]["roofline"]) == (None, "one run")
    assert row["why_none"]["decode_tok_per_s"] is row["why_none"]["ttft_ms"] is None


def test_with_one_run_there_is_no_interval_and_it_says_so():
    (row,) = pooled(THREE[0])
    assert (row["runs"], row["no_interval_reason"]) == (1, "one run")
    assert row["decode_tok_per_s"] == pytest.approx(100)
    assert row["decode_tok_per_s_lo"] is row["ttft_ms_hi"] is None


def test_machines_stay_apart():
    rows = pooled(THREE[0], THREE[1], run("d", [50], machine="there"), run("e", [51], machine="there"))
    assert [(row["machine"], row["run"], row["runs"]) for row in rows] == [("here", "a;b", 2), ("there", "d;e", 2)]


def test_runs_of_a_machine_that_is_not_known_stay_apart_too():
    rows = pooled(run("a", [100], machine=""), run("b", [101], machine=""))
    assert [(row["run"], row["runs"], row["no_interval_reason"]) for row in rows] == [
        ("a", 1, "one run"),
        ("b", 1, "one run"),
    ]


def test_scenarios_stay_apart():
    rows = pooled(*THREE, run("a", [180], threads=2), run("b", [190], threads=2))
    assert [(row["threads"], row["runs"]) for row in rows] == [(1, 3), (2, 2)]
    assert rows[1]["scaling_efficiency"] == pytest.approx((180 / 100 + 190 / 110) / 4)


def test_a_run_without_figures_is_told_of_and_counts_as_none():
    broken = [failed("killed", "out of memory") | {"run": "d", "machine": "here", "id": "broken"}]
    whole = [one | {"resolved": {"kernel": "xla", "isa": "avx512", "kv_dtype": "float32"}} for one in broken]
    (row,) = pooled(*THREE, [whole[0] | {"versions": {"jaxlib": "0.10.2"}}])
    assert (row["runs"], row["status"], row["bad_processes"], row["reasons"]) == (3, "killed", 1, ["out of memory"])


def test_flags_are_those_of_all_runs_but_for_those_of_intervals_that_are_not_shown():
    slow = [4605, 4783, 4817, 6383, 6420, 6514, 6450, 6470, 6400, 6490, 6500, 6444]
    two_speeds, calm = run("a", slow, flags=["disturbed"]), run("b", [6400, 6410])
    assert "no-interval" in scenarios(two_speeds)["flags"][0]
    assert "modes-not-testable" in scenarios(calm)["flags"][0]
    (row,) = pooled(two_speeds, calm)
    assert set(row["flags"].split(";")) >= {"disturbed", "runs-pooled"}
    assert not {"no-interval", "modes-not-testable"} & set(row["flags"].split(";"))


def test_what_nobody_looked_for_is_not_none_found():
    unwatched, watched = [
        [one | {"readings": readings} for one in run(name, [100, 101])]
        for name, readings in (("a", {}), ("b", {"disturbed": []}))
    ]
    assert [row["processes_disturbed"] for row in pooled(unwatched)] == [None]
    assert [row["processes_disturbed"] for row in pooled(unwatched, watched)] == [0]


def test_rows_have_the_shape_that_they_had():
    rows = scenarios([record([sample(1000, token_ms=[10] * 100)], tokens_per_dispatch=1)])
    found = pool_runs(rows)
    assert found.columns == [*rows.columns, "runs"]
    assert found.select(rows.columns).schema == rows.schema
    assert found["by_state"].to_list() == [[]], "a run may have been alone, and another one not"
    assert set(COLUMN_NAMES) <= set(found.columns)


def test_answers_agree_as_far_as_in_the_run_in_which_they_agree_the_least():
    """A median of two runs would be a number of ids that no answer has."""
    ids = list(range(64))
    runs = [[*run(name, [100]), *run(name, [100], engine="e")] for name in ("a", "b")]
    for (ours, theirs), other in zip(runs, ([*ids[:16], *range(100, 148)], ids[:32]), strict=True):
        ours["ids"], theirs["ids"] = ids, other
        theirs["id"] += "e"
    by_engine = {row["engine"]: row for row in pooled(*runs)}
    told = ("agreement", "ids_compared", "is_reference")
    assert [by_engine["e"][name] for name in told] == [0.25, 64, False]
    assert [by_engine["smjax"][name] for name in told] == [1, 64, True]


@pytest.mark.slow
def test_the_interval_against_what_is_simulated():
    """Of runs that lie 3 % apart, 95 in 100 intervals hold the middle, however narrow each run's own is."""
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(60):
        centres = 100 * rng.lognormal(0, 0.03, 4)
        runs = [run(f"r{place}", (c * rng.lognormal(0, 0.002, 3)).tolist()) for place, c in enumerate(centres)]
        (row,) = pooled(*runs)
        held += row["decode_tok_per_s_lo"] <= 100 <= row["decode_tok_per_s_hi"]
    assert held >= 52
