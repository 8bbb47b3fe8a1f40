"""Every figure of the summary against values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from smjax.core.records.columns import COLUMN_NAMES
from smjax.stats.intervals import judge
from tests.report.factory import (
    EPYC,
    GRAVITON,
    aiming_at,
    failed,
    identified,
    processes,
    record,
    sample,
    scenarios,
    summarise,
)


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
    for name in ("decode_tok_per_s_lo", "decode_tok_per_s_hi", "ttft_ms_lo", "ttft_ms_hi", "roofline", "itl_ms_p50"):
        assert row[name] is None


def test_roofline_is_the_share_of_the_bandwidth_that_was_read():
    measured = record([sample(decode_ms=1000)]) | {"read_bandwidth": {"bytes_per_s": 8e8}}
    assert only_row([measured])["roofline"] == pytest.approx(0.5)  # 4e6 bytes * 100 tok/s
    assert only_row([measured | {"read_bandwidth": {"bytes_per_s": None}}])["roofline"] is None


def test_roofline_is_of_each_process_s_own_bandwidth():
    slow, fast = (record([sample(ms)], replicate=number) for number, ms in enumerate((1000, 500)))  # 100, 200 tok/s
    slow["read_bandwidth"], fast["read_bandwidth"] = {"bytes_per_s": 8e8}, {"bytes_per_s": 4e8}
    assert only_row([slow, fast])["roofline"] == pytest.approx((0.5 + 2) / 2)  # of the medians it would be 1


@pytest.mark.parametrize(
    ("caches", "working_set", "level"),
    [
        ({"L2": 2**20, "L3": 4_000_000}, None, "cache"),  # bytes_per_token, 4,000,000
        ({"L2": 2**20, "L3": 3_999_999}, None, "DRAM"),
        ({"L2": 2**30, "L3": 3_999_999}, None, "DRAM"),
        ({"L2": 8_000_000}, None, "cache"),
        ({"L3": 5_000_000}, 6_000_000, "DRAM"),
        ({}, None, None),
    ],
)
def test_bandwidth_is_of_the_level_that_holds_what_is_read(caches, working_set, level):
    machine = {**EPYC, "cpu": EPYC["cpu"] | {"caches": caches}}
    bandwidth = {"bytes_per_s": 8e8} | ({"working_set_bytes": working_set} if working_set else {})
    one = record(machine=machine) | {"read_bandwidth": bandwidth}
    assert only_row([one])["bandwidth_level"] == level
    assert only_row([one | {"read_bandwidth": {"bytes_per_s": None}}])["bandwidth_level"] is None


def test_readings_that_came_with_schema_3():
    memory = {"peak_rss_bytes": 9_000_000, "anon_bytes": 5_500_000, "file_bytes": 2_000_000}
    row = only_row([record([sample(1000)]) | {"memory": memory, "dram": {"bytes_per_s": 41e9}}])
    assert (row["anon_mb"], row["file_mb"], row["dram_gb_per_s"]) == (5.5, 2, 41)
    assert row["tpot_ms"] == 10  # 1000 ms / 100


def test_tpot_is_of_each_answer_and_itl_of_each_token():
    answers = [sample(100, token_ms=[1] * 99 + [1.0]), sample(300, token_ms=[3.0] * 100), sample(500)]
    row = only_row([record(answers, tokens_per_dispatch=1)])
    assert (row["tpot_ms"], row["itl_ms_p50"]) == (3, 2)


@pytest.mark.parametrize(
    ("threads", "known", "machine_has", "cores"),
    [
        (4, 2, {}, 2),
        (1, None, {}, 1),
        (4, None, {}, None),
        (4, None, {"physical_cores": 2, "logical_cores": 4, "usable_cores": 4}, 2),
        (4, None, {"physical_cores": 8, "logical_cores": 16, "usable_cores": 16}, 4),
        (4, None, {"physical_cores": 8, "logical_cores": 16, "usable_cores": 4}, None),  # two cores, or four
    ],
)
def test_figures_per_core_are_by_the_cores_there_were(threads, known, machine_has, cores):
    machine = {**EPYC, "cpu": EPYC["cpu"] | machine_has}
    one = record([sample(400)], threads=threads, machine=machine, ghz=(2.0, "measured"))  # 250 tok/s
    alone = [record([sample(1000)], machine=machine)] if threads > 1 else []
    row = summarise([one | {"threads": {"cores": known} if known else {}}, *alone]).to_dicts()[-1]
    assert row["cores"] == cores
    assert row["tok_per_s_per_core"] == (250 / cores if cores else None)
    assert row["tok_per_s_per_ghz_per_core"] == (125 / cores if cores else None)
    if threads == 4:
        assert row["scaling_efficiency"] == (None if cores == 2 else 0.625)


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


def test_itl_percentiles_are_over_all_tokens_and_only_when_streamed():
    tokens = [sample(10, token_ms=[1, 2, 3]), sample(10, token_ms=[4, 5])]
    streamed = only_row([record(tokens, tokens_per_dispatch=1)])
    # Of 1 2 3 4 5, interpolated linearly: p90 at position 3.6, p99 at position 3.96.
    assert [streamed[f"itl_ms_p{p}"] for p in (50, 90, 99)] == pytest.approx([3, 4.6, 4.96])
    assert only_row([record(tokens, tokens_per_dispatch=2)])["itl_ms_p50"] is None


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
    texts = (
        "status",
        "engine",
        "kernel",
        "isa",
        "model",
        "arch",
        "cpu",
        "os",
        "provenance",
        "flags",
        "host",
        "engine_version",
    )
    known = {*texts, "jaxlib", "smjax", "kv_dtype", "date", "threads", "ctx", "n_prompt", "n_gen"}
    known |= {
        "tokens_per_dispatch",
        "replicates",
        "samples",
        "processes_repeated",
        "cores",
        "no_interval_reason",
        "packages",
    }
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


RATES = [[100, 102, 98], [104, 104, 103], [96, 97, 90], [101, 99, 102]]  # medians 100 104 96 101


def test_intervals_are_over_the_medians_of_the_processes():
    row = only_row(processes(RATES))
    logs = np.log([100, 104, 96, 101])
    expected = np.exp(stats.t.interval(0.95, 3, logs.mean(), stats.sem(logs)))
    assert row["decode_tok_per_s"] == pytest.approx(100.5)
    assert [row["decode_tok_per_s_lo"], row["decode_tok_per_s_hi"]] == pytest.approx(expected, rel=1e-6)
    assert [row["ttft_ms_lo"], row["ttft_ms_hi"]] == pytest.approx([100, 100])
    assert row["decode_tok_per_s_best"] == pytest.approx(104)


def test_a_failed_process_counts_in_no_interval():
    row = only_row([*processes([[100], [120]]), failed(replicate=2)])
    expected = judge([100, 120])
    ends = row["decode_tok_per_s_lo"], row["decode_tok_per_s_hi"]
    assert ends == pytest.approx((expected.lo, expected.hi), rel=1e-6)
    assert only_row([*processes([[100]]), failed(replicate=1)])["decode_tok_per_s_lo"] is None


@pytest.mark.parametrize(
    ("records", "told"),
    [
        (aiming_at(0.02, processes(RATES)), "modes-not-testable;wide-ci"),
        (aiming_at(0.20, processes(RATES)), "modes-not-testable"),
        (aiming_at(0.02, processes(RATES[:1])), ""),  # no interval that could be wide
        (aiming_at(None, processes(RATES)), "modes-not-testable"),  # of schema 1: nobody asked
        (processes([[90, 100, 100, 100, 100]] * 5), "modes-not-testable;warmup"),
        (processes([[100], [101], [102], [103], [150]]), "modes-not-testable;outlier"),
        (processes([[100]], flags=["late", "outlier"]), "late;outlier"),
        (processes([[100], [102], [99], [101], [103], [98], [104], [97]]), ""),
        (processes([[60]] * 4 + [[100]] * 4), "no-interval"),
    ],
)
def test_flags_that_follow_from_the_samples(records, told):
    assert only_row(records)["flags"] == told


def test_a_flag_that_nobody_knows_is_shown_as_it_is_on_one_line():
    odd = record(flags=["of-tomorrow", "two; in one", "\x1b[31mred\n", ""], ghz=(2.0, "guessed"))
    assert only_row([odd])["flags"] == "\\x1b[31mred\\n;of-tomorrow;two, in one"


def test_a_slow_first_ttft_is_a_short_warm_up_too():
    answers = [sample(1000, ttft_ms=ms) for ms in (120, 100, 100, 100, 101)]
    assert only_row([record(answers, replicate=number) for number in range(5)])["flags"] == "modes-not-testable;warmup"


def attempts(*ends, **changes):
    """Records of one slot, an attempt each: tok/s, with "disturbed" or the status of a failure where it went wrong."""
    for number, (rate, end) in enumerate(ends):
        when = {"date": f"2026-03-01T10:{number:02d}:00+00:00", **changes}
        flags = ["disturbed"] if end == "disturbed" else []
        bad = end if end not in ("ok", "disturbed") else None
        one = failed(bad, **when) if bad else processes([[rate]], flags=flags, **when)[0]
        reasons = [f"busy {number}"] if flags else []
        yield one | {"attempt": number, "id": str(number), "readings": {"disturbed": reasons}}


@pytest.mark.parametrize(
    ("ends", "rate", "status", "disturbed", "because"),
    [
        ([(100, "ok")], 100, "ok", 0, None),
        ([(50, "disturbed"), (100, "ok")], 100, "ok", 0, ["disturbed"]),
        ([(50, "disturbed"), (60, "disturbed")], 60, "ok", 1, ["disturbed"]),
        ([(50, "disturbed"), (0, "killed")], 50, "ok", 1, ["killed"]),
        ([(0, "killed"), (100, "ok")], 100, "ok", 0, ["killed"]),
        ([(0, "failed"), (0, "timeout")], None, "timeout", 0, ["failed"]),
        ([(0, "failed"), (50, "disturbed"), (100, "ok")], 100, "ok", 0, ["failed", "disturbed"]),
    ],
)
def test_of_a_slot_the_last_good_attempt_counts(ends, rate, status, disturbed, because):
    rows = scenarios(list(attempts(*ends))).to_dicts()
    assert len(rows) == 1
    row = rows[0]
    assert row["decode_tok_per_s"] == (None if rate is None else pytest.approx(rate))
    assert (row["status"], row["processes"], row["repeated_because"]) == (status, 1, because)
    assert (row["processes_disturbed"], row["processes_repeated"]) == (disturbed, len(because or []))
    assert row["flags"] == ("disturbed" if disturbed else "")


def test_slots_of_two_replicates_and_of_two_runs_are_not_mixed_up():
    same_slot = [*attempts((50, "disturbed"), (100, "ok")), *attempts((60, "disturbed"), (120, "ok"))]
    for one in same_slot[2:]:  # the same replicate in a run a day later
        one["date"] = one["date"].replace("03-01", "03-02")
    other = [*attempts((50, "disturbed"), (140, "ok"), replicate=1)]
    row = only_row([*reversed(same_slot), *other])
    assert (row["decode_tok_per_s"], row["replicates"], row["processes_repeated"]) == (pytest.approx(120), 3, 3)
    assert only_row(processes([[100]]) + processes([[200]]))["replicates"] == 2


def test_nobody_looked_for_disturbances_in_records_of_schema_1():
    assert only_row([record()])["processes_disturbed"] is None


def test_different_identities_are_never_pooled():
    old, new, unknown = processes([[100]]), processes([[200]]), processes([[400], [400]])
    rows = summarise(
        [*unknown[:1], unknown[1] | {"identity": ""}, old[0] | {"identity": "a"}, new[0] | {"identity": "b"}]
    )
    assert rows.select("identity", "decode_tok_per_s", "replicates").rows() == [
        ("a", pytest.approx(100), 1),
        ("b", pytest.approx(200), 1),
        (None, pytest.approx(400), 2),
    ]


@pytest.mark.parametrize("key", ["run", "machine", "label"])
def test_processes_of_two_runs_machines_or_labels_are_never_one_row(key):
    records = processes([[100], [102], [200]])
    for one, value in zip(records, ("a", "a", "b"), strict=True):
        one["scenario" if key == "label" else "run"] = one["scenario"] | {key: value} if key == "label" else value
        if key == "machine":
            one |= {"run": "same", key: value}
    found = summarise(records).select(key, "decode_tok_per_s", "replicates").rows()
    assert found == [("a", pytest.approx(101), 2), ("b", pytest.approx(200), 1)]


def test_scaling_is_within_the_same_sources_though_every_point_has_an_identity_of_its_own():
    points = [([100], {}), ([300], {"threads": 4})]
    old, new = [
        [identified(processes([rates], **point)[0], sources) for rates, point in points] for sources in ("a", "b")
    ]
    found = summarise([*old, *new]).select("threads", "scaling_efficiency").rows()
    assert found == [(1, pytest.approx(1))] * 2 + [(4, pytest.approx(0.75))] * 2
    other = identified(processes([[50]])[0], "a", settings="more iterations")  # which of the two is it to be?
    assert summarise([*old, other])["scaling_efficiency"].to_list() == [None, None, None]


def test_slope_over_depth_is_that_of_the_tokens_whatever_some_of_them_do():
    steady = [1 + 0.002 * depth for depth in range(127)]  # 2 ms more per 1,000 tokens
    spiky = [9.0 if depth % 10 == 3 else ms for depth, ms in enumerate(steady)]
    slow = [2 * ms for ms in steady]
    answers = [sample(sum(tokens), token_ms=tokens) for tokens in (spiky, steady, slow)]
    streamed = {"n_gen": 128, "tokens_per_dispatch": 1}
    assert only_row([record(answers, **streamed)])["itl_ms_per_1000_tokens"] == pytest.approx(2, rel=0.05)
    assert only_row([record([answers[1]], **streamed)])["itl_ms_per_1000_tokens"] == pytest.approx(2, rel=1e-6)
    for changes in ({"tokens_per_dispatch": 2}, {}):
        short = [sample(100, token_ms=steady[:99])] if not changes else answers
        assert only_row([record(short, **(streamed | changes))])["itl_ms_per_1000_tokens"] is None


def test_energy_is_the_median_of_the_processes_that_could_read_it():
    records = processes([[100], [100], [100]])
    records[0]["energy"] = {"joules_per_token": 0.2, "source": "rapl"}
    records[1]["energy"] = {"joules_per_token": 0.4, "source": "rapl"}
    records[2]["energy"] = {"joules_per_token": None}
    assert only_row(records)["energy_j_per_token"] == pytest.approx(0.3)
    assert only_row([record()])["energy_j_per_token"] is None


def test_choosing_is_left_out_where_it_was_timed_apart():
    answer = sample(1000) | {"choice_ns": 200_000_000}
    rows = scenarios([record([answer, answer], engine="llama_cpp"), record([sample(1000)])])
    found = rows.select("engine", "decode_tok_per_s", "forward_tok_per_s").rows()
    assert sorted(found) == [("llama_cpp", pytest.approx(100), pytest.approx(125)), ("smjax", 100, None)]


def test_settings_of_an_engine_part_rows_and_are_one_text():
    swept = [record(engine="llama_cpp", engine_args={"mmap": "true", "flash_attn": value}) for value in "01"]
    texts = scenarios([*swept, record()])["engine_args"].to_list()
    assert sorted(texts, key=str) == [None, "flash_attn=0, mmap=true", "flash_attn=1, mmap=true"]
