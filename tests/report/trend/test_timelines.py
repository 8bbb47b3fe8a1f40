"""What is one history: rows whose runs may differ in their software, and in nothing else."""

from __future__ import annotations

import pytest

from smjax.core.records.columns import METRICS
from smjax.report.compare.pairing import Process
from smjax.report.trend.timelines import timelines
from tests.report.compare.sweeps import run, sweep
from tests.report.factory import failed, placed, read, record, sample
from tests.report.trend.histories import history, slower_from


def lines(*runs, metric="decode_tok_per_s"):
    return timelines([read(records) for records in runs], [METRICS[metric]])


def values_of(*runs):
    return [[round(value, 3) for value in line.values] for line in lines(*runs)]


def test_a_run_is_one_point_at_the_centre_of_its_processes():
    first, second = run([100, 110], run="a", day=1), run([80, 125], run="b", day=2)
    (line,) = lines(second, first)
    assert line.values == pytest.approx([(100 * 110) ** 0.5, 100])
    assert [point.date[:10] for point in line.points] == ["2026-03-01", "2026-03-02"]
    assert [len(point.records) for point in line.points] == [2, 2]


@pytest.mark.parametrize("software", [{"jaxlib": "0.11.0"}, {"host": "bbbbbbbbbbbb"}, {"seed": 7}])
def test_software_and_what_it_runs_on_may_change_in_a_history(software):
    assert values_of(run([100], run="a", day=1), run([90], run="b", day=2, **software)) == [[100, 90]]


@pytest.mark.parametrize(
    "other",
    [
        {"threads": 2},
        {"ctx": 512, "n_prompt": 400},
        {"label": "b"},
        {"kernel": "xla"},
        {"machine": "there"},
        {"model_hash": "sha256:2"},
        {"tokens_per_dispatch": 1},
        {"engine": "llama_cpp"},
    ],
)
def test_what_is_not_comparable_has_a_history_of_its_own(other):
    assert sorted(values_of(run([100], run="a"), run([90], run="b", day=2, **other))) == [[90], [100]]


def test_what_was_slowed_down_on_purpose_has_a_history_of_its_own():
    slow = run([90], run="b", day=2)
    slow[0]["scenario"]["measure"]["handicap"] = 0.1
    assert sorted(values_of(run([100], run="a"), slow)) == [[90], [100]]


def test_records_that_know_no_run_are_of_that_of_their_folder():
    old = [[record([sample(1000)], date=f"2026-03-0{day}T10:00:00Z")] for day in (1, 2, 3)]
    assert values_of(*old) == [[100, 100, 100]]


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ("python", ("old", "new")),
        ("seed", ("1", "2")),
        ("kernel", ("auto", "native")),  # which is what was chosen
        ("measure.sampling_s", (1.0, 3.0)),
        ("measure.compile_cache", (True, False)),
        ("engine_args.flash_attn", ("0", "1")),
    ],
)
def test_settings_that_a_run_compares_have_histories_of_their_own(axis, values):
    """Whichever they are: one sweep is no two runs of one history."""

    def compared(day):
        records = sweep("label", {"a": [100], "b": [90]}, run=f"run{day}", day=day)
        for one, value in zip(records, values, strict=True):
            room, _, name = axis.rpartition(".")
            fields = one["scenario"].setdefault(room, {}) if room else one["scenario"]
            fields[name] = int(value) if name == "seed" else value
            one["scenario"]["label"] = ""
            one["resolved"] |= {"kernel": "native"}
        return records

    assert sorted(values_of(compared(1), compared(2))) == [[90, 90], [100, 100]]
    one_after_the_other = [compared(1)[:1], compared(2)[1:]]
    assert values_of(*one_after_the_other) == [[100, 90]]
    lone = compared(3)[:1]
    assert sorted(values_of(compared(1), compared(2), lone)) == [[90, 90], [100, 100, 100]]


def test_processes_without_the_figure_and_runs_of_such_are_no_points():
    broken = [placed(failed(replicate=1, date="2026-03-02T10:00:00Z"), 0, run="b")]
    assert values_of(run([100], run="a"), broken, run([0.001, 120], run="c", day=3)) == [[100, pytest.approx(0.346)]]
    assert lines(broken) == []
    no_decoding = run([100], run="a")
    no_decoding[0]["memory"]["steady_rss_bytes"] = 0
    assert lines(no_decoding, metric="steady_rss_mb") == []


def in_states(monkeypatch, *alone_shares):
    """Runs of two processes that make 100 tok/s alone and 60 beside others, by how much of it they were alone."""
    runs = [read(run([100, 100], run=f"run{number}", day=number + 1)) for number in range(len(alone_shares))]
    figures = {"alone": 100.0, "shared": 60.0}
    processes = []
    for records, share in zip(runs, alone_shares, strict=True):
        known = {state: figures[state] for state, part in (("alone", share), ("shared", 1 - (share or 0))) if part}
        mostly = figures["alone" if share is None or share > 0.5 else "shared"]
        processes += [Process(one, mostly, None, 0, share, {} if share is None else known) for one in records]
    monkeypatch.setattr("smjax.report.trend.timelines.processes_of", lambda records, *metrics: processes)
    (line,) = timelines(runs, [METRICS["decode_tok_per_s"]])
    return [round(value, 6) for value in line.values], line.said


def test_runs_are_compared_in_the_state_of_the_cores_that_most_were_in(monkeypatch):
    said = "figures of the time in which cores were"
    assert in_states(monkeypatch, 1, 0.4, 0.8) == ([100, 100, 100], (f"{said} alone",))
    assert in_states(monkeypatch, 0.2, 0, 0.6) == ([60, 60, 60], (f"{said} shared",))
    assert in_states(monkeypatch, 1, 0, 0.8) == ([100, 100], (f"{said} alone", "1 run left out: no such figure"))


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ([1, 1, 0.4, 0.4], ("sustained_tok_per_s is of both states of the cores together",)),
        ([1, 1, 0.95, 1], ()),
    ],
)
def test_figures_of_both_states_together_stay_and_are_told_to_be_that(monkeypatch, shares, said):
    runs = [read(run([100, 100], run=f"run{number}", day=number + 1)) for number in range(2)]
    records = [one for records in runs for one in records]
    processes = [Process(one, 80, None, 0, share, {}) for one, share in zip(records, shares, strict=True)]
    monkeypatch.setattr("smjax.report.trend.timelines.processes_of", lambda records, *metrics: processes)
    (line,) = timelines(runs, [METRICS["sustained_tok_per_s"]])
    assert (line.values, line.said) == (pytest.approx([80, 80]), said)


def test_where_all_were_in_one_state_figures_are_as_they_are(monkeypatch):
    assert in_states(monkeypatch, 1, 0.95, 1) == ([100, 100, 100], ())
    assert in_states(monkeypatch, None, None) == ([100, 100], ())


def test_runs_that_do_not_know_their_state_are_left_out_of_it_or_said_to_be_there(monkeypatch):
    """One old run does not make a history count as if nobody knew."""
    alone = "figures of the time in which cores were alone"
    left_out = "1 run left out: not known whether cores were shared"
    assert in_states(monkeypatch, 1, 0.6, None) == ([100, 100], (left_out, alone))
    unsure = ("not known of 2 runs whether cores were shared",)
    assert in_states(monkeypatch, 1, 0.2, None, None) == ([100, 60, 100, 100], unsure)
    assert in_states(monkeypatch, 1, 1, 0.95, None, None) == ([100] * 5, unsure)


def test_memory_of_an_older_schema_is_another_figure():
    old, new = [one | {"schema": 2} for one in run([100], run="a")], run([100], run="b", day=2)
    (line,) = lines(old, new, metric="peak_rss_mb")
    assert len(line.points) == 1
    assert line.said == ("1 run left out: before schema 3 peak_rss_mb was another figure",)
    assert len(lines(old, new)[0].points) == 2


def test_rows_are_in_the_order_of_tables():
    runs = history(2, slower_from(9), threads=4) + history(2, slower_from(9), threads=1)
    assert [line.points[0].records[0].scenario.threads for line in lines(*runs)] == [1, 4]
