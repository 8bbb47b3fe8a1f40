"""How certain the figures of a row are, by its processes in the order of time."""

from __future__ import annotations

import numpy as np
import pytest

from smjax.stats.intervals import judge
from smjax.stats.percentiles import interval_over_tokens
from tests.report.factory import aiming_at, failed, processes, record, sample, scenarios

TWO_SPEEDS = [4605, 4783, 4817, 6383, 6514, 6455, 6460, 6402, 6471, 6489, 6437, 6450]
"""4 threads on 2 cores, ctx 1024, in the order of time."""
STEADY = [6460, 6383, 6514, 6455, 6471, 6402, 6489, 6437]


def one_a_minute(rates, **changes):
    """Processes of one answer each, started a minute after the other."""
    found = processes([[rate] for rate in rates], **changes)
    for minute, one in enumerate(found):
        one["date"] = f"2026-03-01T10:{minute:02d}:00+00:00"
    return found


def only_row(records):
    rows = scenarios(records).to_dicts()
    assert len(rows) == 1
    return rows[0]


def test_two_speeds_have_no_interval_however_many_processes_there_are():
    for count in (8, 11, 12):
        row = only_row(one_a_minute(TWO_SPEEDS[:count]))
        assert (row["decode_tok_per_s_lo"], row["decode_tok_per_s_hi"]) == (None, None)
        assert row["sustained_tok_per_s_lo"] is None
        assert "no-interval" in row["flags"].split(";")
    assert row["no_interval_reason"] == "two speeds: 25 % of processes at 4.7k, the rest at 6.5k"
    assert row["decode_tok_per_s"] == pytest.approx(6443.5)
    assert row["sustained_tok_per_s"] == pytest.approx(1200 / sum(100 / rate for rate in TWO_SPEEDS))
    assert row["ttft_ms_lo"] == pytest.approx(100)  # judged by its own values


def test_the_order_is_that_of_time_and_not_of_the_files():
    rising = [6300 + 20 * number for number in range(8)]
    in_time = one_a_minute(rising)
    shuffled = [in_time[place] for place in (3, 0, 6, 2, 7, 5, 1, 4)]
    for row in (only_row(in_time), only_row(shuffled)):
        assert row["no_interval_reason"] == "drifting: +0.3 % a process"
        assert row["decode_tok_per_s_medians"] == pytest.approx(rising)
    mixed = one_a_minute([rising[place] for place in (3, 0, 6, 2, 7, 5, 1, 4)])
    assert only_row(mixed)["no_interval_reason"] is None


def test_a_repeated_attempt_stands_at_its_own_time():
    *records, again = one_a_minute([*STEADY, 6444])
    records[0]["flags"] = ["disturbed"]
    again |= {"replicate": 0, "attempt": 1}
    row = only_row([*records, again])
    assert row["decode_tok_per_s_medians"] == pytest.approx([*STEADY[1:], 6444])
    assert row["record_numbers"] == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(("count", "flags"), [(1, ""), (2, "modes-not-testable"), (7, "modes-not-testable"), (8, "")])
def test_of_few_processes_nobody_can_say_whether_they_have_one_speed(count, flags):
    row = only_row(one_a_minute(STEADY[:count]))
    assert row["flags"] == flags
    assert row["no_interval_reason"] == ("one process" if count == 1 else None)
    assert (row["decode_tok_per_s_lo"] is None) == (count == 1)


def test_an_interval_answers_for_how_the_number_of_processes_was_chosen():
    calm_first = [6450, 6452, 6455, 6449, 6453, 6500, 6420, 6390]
    width = {}
    for asked in (5, 8):
        records = aiming_at(0.01, one_a_minute(calm_first))
        for one in records:
            one["scenario"]["measure"]["replicates"] = asked
        row = only_row(records)
        width[asked] = row["decode_tok_per_s_hi"] / row["decode_tok_per_s_lo"]
        expected = judge(calm_first, first=5 if asked == 5 else None, target=0.01)
        assert [row["decode_tok_per_s_lo"], row["decode_tok_per_s_hi"]] == pytest.approx([expected.lo, expected.hi])
    assert width[5] <= width[8]  # its first stage was calm, and no reason for more


def test_a_process_of_the_first_stage_that_failed_gives_its_place_to_none_of_the_second():
    spread_first = [6300, 6600, 6200, 6700, 6450, 6452, 6455, 6449, 6453]
    records = aiming_at(0.1, one_a_minute(spread_first))
    for one in records:
        one["scenario"]["measure"]["replicates"] = 5
    records[0] = failed(date=records[0]["date"]) | {"scenario": records[0]["scenario"]}
    row = only_row(records)
    expected = judge(spread_first[1:], first=4, target=0.1)
    assert expected.half_width > judge(spread_first[1:], first=5, target=0.1).half_width > 0
    assert [row["decode_tok_per_s_lo"], row["decode_tok_per_s_hi"]] == pytest.approx([expected.lo, expected.hi])


def streamed(rng, count):
    """Processes of two answers of 600 tokens each."""
    for number in range(count):
        answers = []
        for _ in range(2):
            tokens = list(rng.gamma(50, 0.003, 600) * (1 + 0.02 * rng.standard_normal()))
            answers.append(sample(sum(tokens), token_ms=tokens))
        yield record(answers, replicate=number, n_gen=601, tokens_per_dispatch=1, ctx=1024)


def test_percentiles_are_over_the_tokens_of_all_processes():
    records = list(streamed(np.random.default_rng(0), 8))
    records[0]["samples"].pop()  # all tokens count alike, however many a process has
    tokens = [np.concatenate([answer["token_ns"] for answer in one["samples"]]) / 1e6 for one in records]
    row = only_row(records)
    expected = np.quantile(np.concatenate(tokens), [0.5, 0.9, 0.99])
    assert [row[f"itl_ms_p{percent}"] for percent in (50, 90, 99)] == pytest.approx(expected, rel=1e-9)
    bounds = interval_over_tokens(tokens, 0.99)
    assert (row["itl_ms_p99_lo"], row["itl_ms_p99_hi"]) == pytest.approx(bounds, rel=1e-9)
    assert row["itl_ms_p99_lo"] < row["itl_ms_p99"] < row["itl_ms_p99_hi"]
    few = only_row(records[:3])
    assert few["itl_ms_p99"] is not None
    assert few["itl_ms_p99_lo"] is None


def test_what_one_gets_counts_every_token_and_every_moment():
    slow, fast = record([sample(1000), sample(4000)], replicate=0), record([sample(500)], replicate=1)
    row = only_row([slow, fast])  # 200 tokens in 5 s, 100 in 0.5 s
    assert row["sustained_tok_per_s"] == pytest.approx(300 / 5.5)
    assert row["sustained_tok_per_s_lo"] < 300 / 5.5 < row["sustained_tok_per_s_hi"]
    alone = only_row([slow])
    assert (alone["sustained_tok_per_s"], alone["sustained_tok_per_s_lo"]) == (pytest.approx(40), None)


def test_the_share_of_bandwidth_has_an_interval_of_its_own_and_more_than_all_of_it_is_told():
    records = one_a_minute([100] * 3)  # of 4e6 bytes: 4e8 bytes a second
    for one, bandwidth in zip(records, (8e8, 5e8, 6e8), strict=True):
        one["read_bandwidth"] = {"bytes_per_s": bandwidth}
    row = only_row(records)
    expected = judge([4 / 8, 4 / 5, 4 / 6])
    assert row["roofline"] == pytest.approx(4 / 6)
    assert (row["roofline_lo"], row["roofline_hi"]) == pytest.approx((expected.lo, expected.hi))
    assert row["flags"] == "modes-not-testable"
    records[0]["read_bandwidth"] = {"bytes_per_s": 3.9e8}
    row = only_row(records)
    assert row["roofline"] == pytest.approx(0.8)
    assert row["flags"] == "modes-not-testable;roofline-above-1"


@pytest.mark.parametrize(("schema", "flags"), [(1, "peak-rss-tidied"), (2, "peak-rss-tidied"), (3, "")])
def test_records_of_every_schema_are_read_and_say_if_their_memory_was_tidied(schema, flags):
    row = only_row([record() | {"schema": schema}])
    assert (row["decode_tok_per_s"], row["peak_rss_mb"], row["flags"]) == (100, 300, flags)
    assert only_row([record() | {"schema": schema, "memory": {}}])["flags"] == ""


def test_each_figure_says_why_it_has_no_interval():
    records = one_a_minute(STEADY)
    for minute, one in enumerate(records):
        one["samples"][0]["ttft_ns"] += minute * 1_000_000
    row = only_row(records)
    drifting = row["why_none"].pop("ttft_ms")
    assert drifting.startswith("drifting: +")
    assert row["why_none"] == {
        "decode_tok_per_s": None,
        "sustained_tok_per_s": None,
        "itl_ms_p99": "no process",
        **dict.fromkeys(("roofline", "call_us", "loop_us"), "no process"),
    }
    assert (row["no_interval_reason"], row["flags"]) == (None, "")


@pytest.mark.parametrize(("count", "reason"), [(3, "too few processes"), (4, "too few tokens")])
def test_a_percentile_of_little_has_no_interval(count, reason):
    records = list(streamed(np.random.default_rng(1), count))
    for one in records:
        one["samples"] = [{**answer, "token_ns": answer["token_ns"][:100]} for answer in one["samples"]]
    assert only_row(records)["why_none"]["itl_ms_p99"] == reason
