"""Rows of microbenchmarks: one for each op, shape, cache, kernel and number of threads, with figures of a call."""

from __future__ import annotations

from typing import Any

import pytest

from smjax.core.records.columns import COLUMN_NAMES
from tests.report.factory import record
from tests.report.factory import scenarios as main_scenarios
from tests.report.op_factory import answer, process, rows_of


def only_row(*answers: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The row of one process for each answer."""
    (row,) = rows_of([process([one], block, **changes) for block, one in enumerate(answers)])
    return row


def test_points_of_processes_alike_are_a_row() -> None:
    points = [answer(), answer(cache="cold", loop_us=None), answer("rms_norm", "768")]
    rows = rows_of([process(points, block, kernel=kernel) for block in range(3) for kernel in ("xla", "native")])
    assert [(row["op"], row["shape"], row["cache"], row["kernel"], row["replicates"]) for row in rows] == [
        (*point, kernel, 3)
        for point in (("gemm", "f32:10x10x10", "cold"), ("gemm", "f32:10x10x10", "hot"), ("rms_norm", "768", "hot"))
        for kernel in ("native", "xla")
    ]


def test_a_row_has_medians_of_processes_and_nothing_that_is_an_answer_s() -> None:
    row = only_row(*(answer(call_us=[us, us + 2, us + 3], loop_us=[2.0, 1.0]) for us in (4, 5, 9)))
    assert (row["call_us"], row["loop_us"], row["samples"]) == (7, 1.5, 9)
    assert row["call_us_lo"] < 7 < row["call_us_hi"]
    unasked = ("model", "kv_dtype", "ctx", "n_prompt", "n_gen", "tokens_per_dispatch", "ttft_ms", "roofline")
    assert {name: row[name] for name in unasked} == dict.fromkeys(unasked)
    assert row["no_interval_reason"] is None


def test_rates_and_shares_are_of_the_loop_where_there_is_one_and_else_of_the_call() -> None:
    """2,000 operations and 1,000 bytes in 2 µs, or in 4."""
    hot, cold = only_row(answer()), only_row(answer(cache="cold", loop_us=None))
    names = ("gflop_per_s", "op_gb_per_s", "peak_share", "bandwidth_share")
    assert [hot[name] for name in names] == pytest.approx([1, 0.5, 0.25, 0.25])
    assert [cold[name] for name in names] == pytest.approx([0.5, 0.25, 0.125, 0.125])


@pytest.mark.parametrize(
    ("flops", "moved", "intensity", "attainable"),
    [(2000, 1000, 2, 4), (1000, 1000, 1, 2), (4000, 1000, 4, 4), (0, 1000, None, None), (2000, 0, None, None)],
)
def test_what_is_attainable_is_the_lesser_of_peak_and_bandwidth(
    flops: int, moved: int, intensity: float | None, attainable: float | None
) -> None:
    row = only_row(answer(flops=flops, bytes=moved))
    assert (row["intensity"], row["attainable_gflop_per_s"]) == (intensity, attainable)


@pytest.mark.parametrize("unknown", ["peak_flop_per_s", "bandwidth_bytes_per_s"])
def test_of_a_peak_that_is_not_known_nothing_is_made_up(unknown: str) -> None:
    row = only_row(answer(**{unknown: None}))
    share, other = ("peak_share", "bandwidth_share")[:: 1 if unknown == "peak_flop_per_s" else -1]
    assert (row[share], row["attainable_gflop_per_s"]) == (None, None)
    assert row[other] == 0.25
    assert row["gflop_per_s"] == 1


def test_a_share_above_1_is_shown_as_it_is_and_flagged() -> None:
    row = only_row(answer(peak_flop_per_s=0.5e9, bandwidth_bytes_per_s=0.25e9))
    assert (row["peak_share"], row["bandwidth_share"]) == (2, 2)
    assert {"above-peak", "above-bandwidth"} <= set(row["flags"].split(";"))


def test_no_temporaries_and_no_growth_are_figures_and_not_unknown() -> None:
    row = only_row(answer(growth_bytes_per_1000_calls=-4096))
    assert (row["temp_bytes"], row["growth_bytes_per_1000_calls"], row["flags"]) == (0, -4096, "")
    row = only_row(answer(temp_bytes=None, growth_bytes_per_1000_calls=None, nmse=None))
    assert [row[name] for name in ("temp_bytes", "growth_bytes_per_1000_calls", "nmse")] == [None] * 3


def test_memory_that_grows_in_most_processes_is_flagged() -> None:
    growing, still = answer(growth_bytes_per_1000_calls=160), answer()
    assert "memory-grows" in only_row(growing, growing, still)["flags"]
    assert "memory-grows" not in only_row(growing, still, still)["flags"]


def test_a_point_that_failed_is_a_failed_row_without_figures() -> None:
    wrong = answer("softmax", "768", samples=[], status="failed", reason="off by 0.3", nmse=0.3)
    gemm, softmax = rows_of([process([answer(), wrong])])
    assert (gemm["status"], softmax["status"], softmax["reasons"]) == ("ok", "failed", ["off by 0.3"])
    assert [softmax[name] for name in ("call_us", "loop_us", "gflop_per_s", "temp_bytes")] == [None] * 4


def test_an_op_s_row_is_judged_by_what_its_loop_takes() -> None:
    """Calls are steady, and the loop's processes have two speeds far apart."""
    rows = rows_of(
        [process([answer(loop_us=[us])], block) for block, us in enumerate([2, 2.01, 2.02, 2] + [9, 9.01] * 4)]
    )
    (row,) = rows
    assert row["call_us_lo"] is not None
    assert row["loop_us_lo"] is None
    assert row["no_interval_reason"] == row["why_none"]["loop_us"]
    assert "no-interval" in row["flags"].split(";")


def test_rows_of_answers_have_nothing_of_ops() -> None:
    (row,) = main_scenarios([record()]).to_dicts()
    of_ops = COLUMN_NAMES[COLUMN_NAMES.index("op") :]
    assert {row[name] for name in of_ops} == {None}
