"""Every figure of the summary against values computed by hand."""

from __future__ import annotations

import pytest

from smjax.core.schema import COLUMN_NAMES
from smjax.report.statistics import scenarios, summarise
from tests.report.factory import EPYC, GRAVITON, failed, record, sample


def only_row(records):
    rows = summarise(records).to_dicts()
    assert len(rows) == 1
    return rows[0]


def test_columns_are_the_contract_even_without_records():
    assert tuple(summarise([record()]).columns) == COLUMN_NAMES
    empty = summarise([])
    assert tuple(empty.columns) == COLUMN_NAMES
    assert empty.height == 0


def test_figure_is_median_of_process_medians_not_of_all_samples():
    # 100 tokens after the first: 1000 ms -> 100 tok/s, 500 ms -> 200, 250 ms -> 400, 2000 ms -> 50.
    first = record([sample(1000), sample(500), sample(250)], replicate=0)  # median 200
    second = record([sample(2000), sample(1000)], replicate=1)  # median 75
    third = record([sample(2000)], replicate=2)  # median 50
    row = only_row([first, second, third])
    assert row["decode_tok_per_s"] == pytest.approx(75)  # of all six samples it would be 100
    assert (row["replicates"], row["samples"]) == (3, 6)


def test_definitions_on_one_sample():
    row = only_row([record([sample(decode_ms=1000, ttft_ms=250)], ghz=(2.0, "measured"))])
    expected = {
        "decode_tok_per_s": 100,  # (101 - 1) / 1 s
        "e2e_tok_per_s": 80.8,  # 101 / 1.25 s
        "prefill_tok_per_s": 620,  # 155 / 0.25 s
        "ttft_ms": 250,
        "peak_rss_mb": 300,
        "steady_rss_mb": 250,
        "weight_mb": 2.1,
        "load_s": 0.5,
        "compile_s": 2,
        "cold_start_s": 4,
        "tok_per_s_per_core": 100,
        "tok_per_s_per_ghz_per_core": 50,
        "cycles_per_token": 20e6,  # 2e9 / 100
        "scaling_efficiency": 1,
        "bytes_per_token": 4e6,
        "gb_per_s": 0.4,  # 4e6 * 100 / 1e9
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    assert row["flags"] == "ghz-measured"
    for name in ("decode_tok_per_s_lo", "decode_tok_per_s_hi", "ttft_ms_lo", "ttft_ms_hi", "roofline", "tpot_ms_p50"):
        assert row[name] is None


def test_roofline_is_the_share_of_the_bandwidth_that_was_read():
    measured = record([sample(decode_ms=1000)]) | {"read_bandwidth": {"bytes_per_s": 8e8}}
    assert only_row([measured])["roofline"] == pytest.approx(0.5)  # 4e6 bytes * 100 tok/s
    assert only_row([measured | {"read_bandwidth": {"bytes_per_s": None}}])["roofline"] is None


def test_text_columns():
    row = only_row([record(flags=["oversubscribed", "compile-cached"], ghz=(3.0, "read"))])
    expected = {
        "status": "ok",
        "engine": "smjax",
        "kernel": "xla",
        "isa": "avx512",
        "kv_dtype": "float32",
        "model": "tinystories-1m",
        "arch": "x86_64",
        "cpu": "AMD EPYC 9R14",
        "os": "Debian GNU/Linux 12",
        "provenance": "measured",
        "flags": "compile-cached;ghz-read;oversubscribed",
        "host": "aaaaaaaaaaaa",
        "jaxlib": "0.10.2",
        "smjax": "0.1.0",
        "date": "2026-03-01T10:00:00+00:00",
    }
    assert {name: row[name] for name in expected} == expected


def test_tpot_percentiles_are_over_all_tokens_and_only_when_streamed():
    tokens = [sample(10, token_ms=[1, 2, 3]), sample(10, token_ms=[4, 5])]
    streamed = only_row([record(tokens, tokens_per_dispatch=1)])
    # Of 1 2 3 4 5, interpolated linearly: p90 at position 3.6, p99 at position 3.96.
    assert [streamed[f"tpot_ms_p{p}"] for p in (50, 90, 99)] == pytest.approx([3, 4.6, 4.96])
    assert only_row([record(tokens, tokens_per_dispatch=2)])["tpot_ms_p50"] is None


@pytest.mark.parametrize(
    ("rss_mb", "slope"),
    [
        ([200, 200.101, 200.202], 1000),  # 101,000 bytes an answer of 101 tokens
        ([200, 200, 200], 0),
        ([200, 300], None),
        ([200, None, 200.202], None),
        ([0, 0, 0], None),
    ],
)
def test_rss_growth_is_the_slope_over_generated_tokens(rss_mb, slope):
    row = only_row([record([sample(1000, rss_mb=mb) for mb in rss_mb])])
    assert row["rss_growth_bytes_per_token"] == (None if slope is None else pytest.approx(slope, abs=1e-6))


def test_scaling_compares_with_one_thread_of_the_same_everything():
    records = [
        record([sample(1000)]),
        record([sample(400)], threads=4, ghz=(2.0, "read")),
        record([sample(400)], threads=4, ctx=512, n_prompt=411),
        record([sample(400)], threads=4, jaxlib="0.10.1"),
    ]
    rows = summarise(records).to_dicts()
    found = {(row["threads"], row["ctx"], row["jaxlib"]): row["scaling_efficiency"] for row in rows}
    assert found[1, 256, "0.10.2"] == 1
    assert found[4, 256, "0.10.2"] == pytest.approx(0.625)  # 250 / (4 * 100)
    assert found[4, 512, "0.10.2"] is None
    assert found[4, 256, "0.10.1"] is None
    four = next(row for row in rows if row["threads"] == 4 and row["flags"] == "ghz-read")
    assert four["cycles_per_token"] is None
    assert four["tok_per_s_per_ghz_per_core"] == pytest.approx(31.25)  # 250 / 4 / 2


@pytest.mark.parametrize(
    ("others", "worst"),
    [
        (["failed", "refused"], "failed"),
        (["failed", "timeout"], "timeout"),
        (["timeout", "killed"], "killed"),
        (["refused"], "refused"),
    ],
)
def test_a_failed_process_shares_the_row_of_its_good_siblings(others, worst):
    bad = [failed(status, replicate=number, flags=["late"]) for number, status in enumerate(others, 1)]
    row = only_row([*bad, record([sample(1000)])])
    assert (row["status"], row["kernel"], row["isa"], row["kv_dtype"]) == (worst, "xla", "avx512", "float32")
    assert (row["replicates"], row["samples"], row["decode_tok_per_s"]) == (1, 1, 100)
    assert row["flags"] == "late"


def test_figures_of_a_process_that_failed_later_do_not_count():
    late = record([sample(1000)], ghz=(2.0, "read")) | {"status": "failed", "reason": "check failed"}
    row = only_row([late])
    assert (row["status"], row["replicates"], row["samples"]) == ("failed", 0, 0)
    texts = ("status", "engine", "kernel", "isa", "model", "arch", "cpu", "os", "provenance", "flags", "host")
    known = {*texts, "jaxlib", "smjax", "kv_dtype", "date", "threads", "ctx", "n_prompt", "n_gen"}
    known |= {"tokens_per_dispatch", "replicates", "samples"}
    assert {name for name, value in row.items() if value is not None} == known
    assert row["flags"] == ""


def test_a_scenario_of_failures_only_keeps_what_was_asked_for():
    row = only_row([failed("killed", "killed by SIGKILL (9)")])
    assert (row["status"], row["kernel"], row["jaxlib"], row["decode_tok_per_s"]) == ("killed", "auto", "0.10.2", None)
    assert scenarios([failed("killed", "killed by SIGKILL (9)")])["reasons"].to_list() == [["killed by SIGKILL (9)"]]


def test_rows_are_sorted_by_machine_model_ctx_threads():
    records = [
        record(threads=4),
        record(ctx=512),
        record(machine=GRAVITON, host="bbbbbbbbbbbb"),
        record(threads=2),
        record(machine=EPYC),
    ]
    rows = summarise(records).select("arch", "ctx", "threads").rows()
    assert rows == [("arm64", 256, 1), ("x86_64", 256, 1), ("x86_64", 256, 2), ("x86_64", 256, 4), ("x86_64", 512, 1)]


def test_seed_and_measure_do_not_part_a_scenario_but_model_content_does():
    assert only_row([record(replicate=0), record(replicate=1, seed=7)])["replicates"] == 2
    assert summarise([record(), record(model_hash="sha256:2")]).height == 2
