"""The verdict in words: each kind of what may be certain, or not, has its sentence."""

from __future__ import annotations

import pytest

from smjax.report.data.contents import Contents
from smjax.report.data.pool import pool_runs
from smjax.report.page.figures import highlights
from smjax.report.page.in_words import in_words
from smjax.report.page.wording import outward, reasons
from tests.report.compare.sweeps import noise, sweep
from tests.report.factory import failed, processes, read, record, sample
from tests.report.op_factory import answer, process
from tests.report.op_factory import read as read_ops

SLOW = noise(1, 8, 0.004)


def words(records):
    return in_words(Contents.of(read(records)))


def beside(factor, **changes):
    """A sweep over kernels, of which native is faster by a factor."""
    return sweep("kernel", {"xla": SLOW, "native": [rate * factor for rate in noise(2, 8, 0.004)]}, **changes)


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (1.5, "kernel native is faster than xla: 1.50 (interval 1.497 to 1.506) times the decode tok/s."),
        (0.5, "kernel native is slower than xla: 0.500 (interval 0.499 to 0.502) times the decode tok/s."),
        (1.0, "kernel native is the same as xla: 1.00 (interval 0.998 to 1.004) times the decode tok/s."),
    ],
)
def test_what_is_certain_of_two_settings_comes_first(factor, said):
    found = words(beside(factor))
    assert found.certain[0] == said
    assert not any("kernel" in sentence and "undecided" in sentence for sentence in found.uncertain)


def test_a_ratio_of_disturbed_processes_is_no_certainty():
    quiet, records = beside(1.5, ctx=512, n_prompt=411), beside(1.5)
    for one in records[:8]:
        one["flags"] = ["disturbed"]
    found = words([*quiet, *records])
    assert found.certain[0].startswith("kernel native is faster than xla in 1 of 2 rows: ")
    (told,) = [sentence for sentence in found.uncertain if sentence.startswith("kernel native is faster than xla")]
    assert told.endswith(
        " times the decode tok/s, but processes were disturbed, which need not have slowed both alike."
    )


def test_an_undecided_ratio_says_how_far_it_is_from_it():
    noisy = sweep("kernel", {"xla": noise(1, 8, 0.1), "native": noise(2, 8, 0.1, 102)})
    found = words(noisy)
    assert not any("times the decode" in sentence for sentence in found.certain)
    assert found.uncertain[0].startswith("kernel native beside xla: undecided: ratio ")
    assert "where a change of " in found.uncertain[0]


def test_an_axis_without_any_ratio_is_undecided_and_says_why():
    found = words(sweep("threads", {"1": SLOW, "2": [rate * (1, 3)[n // 4] for n, rate in enumerate(SLOW)]}))
    assert not any("times the decode" in sentence for sentence in found.certain)
    assert any(one.startswith("2 threads beside 1 thread: undecided: two speeds") for one in found.uncertain)


def test_of_many_rows_the_least_and_the_most_are_named():
    one, other = beside(1.5, ctx=256), beside(2.0, ctx=512, n_prompt=411)
    lead = words([*one, *other]).certain[0]
    assert lead.startswith("kernel native is faster than xla in both rows: 1.50 (ctx 256; interval ")
    assert "to 2.00 (ctx 512; interval " in lead


def test_threads_are_compared_by_their_number():
    found = words(sweep("threads", {"1": SLOW, "2": [rate * 1.7 for rate in SLOW]}))
    assert found.certain[0].startswith("2 threads are faster than 1 thread: 1.70 (interval ")


def test_figures_have_their_intervals_and_what_stands_behind_them():
    found = words(beside(1.5))
    assert any(
        sentence.startswith("1 thread, ctx 256, kernel xla: ")
        and "decode tok/s (95 % interval " in sentence
        and sentence.endswith(", 8 processes).")
        for sentence in found.certain
    )
    assert found.compared == (
        "tinystories-1m, with kernel native and xla, all of them with 1 thread and ctx 256: "
        "2 rows of 16 processes, on AMD EPYC 9R14.",
    )


def test_a_figure_of_a_wide_interval_is_none_that_is_certain():
    found = words(processes([[100.0], [150.0], [80.0], [130.0]]))
    assert found.certain == ("Nothing: no figure that somebody measured has an interval that tells anything.",)
    assert found.uncertain[0].startswith("The row is hardly known: 1 thread, ctx 256: 115 decode tok/s (95 % interval ")


def test_processes_of_one_moment_are_as_many_as_their_ids():
    records = [record(threads=threads) | {"id": f"a.gguf-{threads}"} for threads in (1, 2)]
    assert ": 2 rows of 2 processes, on " in words(records).compared[0]
    ops = [process([answer(shape=f"f32:{n}x{n}x{n}") for n in (10, 20)], block) for block in range(3)]
    assert ": 2 rows of 3 processes, on " in in_words(Contents.of(read_ops(ops))).compared[0]


def test_one_process_makes_nothing_certain():
    found = words([record()])
    assert found.certain == ("Nothing: no figure that somebody measured has an interval that tells anything.",)
    assert found.uncertain == ("The row has a figure without an interval (one process): 1 thread, ctx 256.",)


def test_a_run_in_which_everything_failed_says_so_and_why():
    found = words([failed(), failed(threads=2, reason="no such kernel")])
    assert found.certain == ("Nothing: no process finished ok, so there is no figure.",)
    (said,) = found.uncertain
    assert said.startswith(
        "Both rows have processes that did not finish, and without any figure: out of memory; no such"
    )
    assert said.endswith(" kernel (tinystories-1m, 1 thread, ctx 256; tinystories-1m, 2 threads, ctx 256).")


@pytest.mark.parametrize("provenance", ["synthetic", "reported", "imported"])
def test_what_was_not_measured_here_is_the_first_doubt(provenance):
    found = words([record() | {"provenance": provenance}, record(threads=2)])
    assert found.uncertain[0].startswith(f"1 of 2 rows is {provenance}: ")


@pytest.mark.parametrize("provenance", ["synthetic", "reported"])
def test_of_what_nobody_measured_nothing_is_certain(provenance):
    found = words([one | {"provenance": provenance} for one in beside(1.5)])
    assert found.certain == ("Nothing: no figure that somebody measured has an interval that tells anything.",)
    assert found.uncertain[0].startswith(f"Both rows are {provenance}: ")


def test_of_very_many_comparisons_the_first_are_told():
    records = [one for run in range(10) for one in beside(1.5, run=f"2026030{run}T100000Z-x")]
    found = words(records)
    assert (
        sum(sentence.startswith("kernel native is faster than xla in the row of run ") for sentence in found.certain)
        == 8
    )
    assert any(sentence.startswith("And 2 more comparisons: ") for sentence in found.certain)


def test_flags_that_throw_doubt_are_told_with_their_meaning_and_others_are_not():
    records = processes([[100.0], [101.0], [99.0]], flags=["oversubscribed", "compile-cached"])
    found = words(records)
    assert "Flag oversubscribed in the row: threads wait for each other: such a row says nothing about more cores." in (
        found.uncertain
    )
    assert not any("compile-cached" in sentence for sentence in found.uncertain)


def test_disturbances_are_told_with_their_range():
    disturbed = [
        one | {"flags": ["disturbed"], "readings": {"disturbed": [f"steal {number + 1}.0 %"]}}
        for number, one in enumerate(processes([[100.0], [101.0], [99.0]]))
    ]
    assert "3 of 3 processes were disturbed: steal 1.0 to 3.0 %." in words(disturbed).uncertain


def test_answers_that_part_are_no_certainty():
    records = beside(1.5)
    for one in records:
        one["ids"] = [1, 2, 3, 4] if one["resolved"]["kernel"] == "xla" else [1, 2, 9, 9]
    said = next(sentence for sentence in words(records).uncertain if "reference" in sentence)
    assert said.startswith("1 of 2 rows answers otherwise than the reference: the same for 2 of 4 ids at least (")
    alike = [one | {"ids": [1, 2, 3, 4]} for one in records]
    assert "Kernels and engines answer alike: the first 4 ids are the same." in words(alike).certain


def test_of_several_machines_nothing_was_measured_in_turn():
    records = [
        one | {"machine": name, "run": name, "host": name * 12}
        for name in ("a", "b")
        for one in processes([[100.0], [101.0]])
    ]
    assert any(sentence.startswith("Rows are of 2 machines, ") for sentence in words(records).uncertain)


def test_a_pool_of_runs_has_words():
    records = read([one | {"run": run, "machine": "here"} for run in ("one", "two") for one in beside(1.5)])
    contents = Contents.of(records)
    found = in_words(Contents(records, pool_runs(contents.rows)))
    assert any(sentence.endswith(", 2 runs).") for sentence in found.certain)


def test_reasons_that_differ_in_their_first_number_alone_are_one():
    assert reasons(["steal 2.0 %", "steal 11.5 %", "heat"]) == "steal 2.0 to 11.5 %; heat"
    assert (
        reasons(["10 % of 2 cores", "13 % of 4 cores", "12 % of 2 cores"]) == "10 to 12 % of 2 cores; 13 % of 4 cores"
    )


def test_the_highest_of_what_was_measured_is_not_said_to_be_the_highest_of_all():
    others = [record([sample(500)], threads=2) | {"provenance": "reported"}, record([sample(2000)], threads=4)]
    (found,) = highlights(Contents.of(read([record(), *others])).row_dicts)
    assert (found.figure, found.remark) == ("100", "")
    assert found.of.startswith("highest of the 2 of 3 rows that were measured here: ")


def test_the_only_figure_that_is_known_is_not_said_to_be_the_highest():
    modes = processes([[rate] for rate in (200.0, 400.0) * 5], threads=2)
    (found,) = highlights(Contents.of(read([*processes([[100.0], [101.0], [99.0]] * 3), *modes])).row_dicts)
    assert found.figure == "100"
    assert found.of.startswith("the only one of 2 rows whose figure is known: ")


def test_the_highest_of_many_rows_is_no_winner_for_certain():
    records = [one for threads in range(1, 6) for one in processes([[100.0], [101.0], [99.0]], threads=threads)]
    found = words(records).certain
    assert any(sentence.startswith("Highest: ") and " Lowest: " in sentence for sentence in found)
    assert not any("astest" in sentence for sentence in found)


@pytest.mark.parametrize(
    ("ends", "said"),
    [((1.4961, 1.5042), "1.496 to 1.505"), ((1.0012, 1.0031), "1.001 to 1.004"), ((0.9801, 1.0302), "0.98 to 1.04")],
)
def test_intervals_are_rounded_outwards_and_never_across_1(ends, said):
    assert outward(*ends) == said
