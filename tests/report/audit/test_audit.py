"""What is flagged as no measurement, what never is, and the line that counts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from smjax.__main__ import main
from smjax.core.errors import RequestError
from smjax.report.audit.command import audit, reasons
from smjax.report.render.grid import TIMES
from smjax.report.render.write import write_summaries
from tests.report.factory import failed, read, record, run_folder, sample, scenarios

HISTORY = Path(__file__).parents[3] / "smjax" / "data" / "history" / "smallmind-2026-02.json"
MACHINES = ("AMD EPYC 7763", "Intel Xeon Platinum 8370C", "Apple M2")
ROW = json.loads(HISTORY.read_text())["rows"][0] | {"provenance": "reported"}


def test_every_row_of_the_history_is_flagged_with_its_reasons(capsys):
    assert main(["report", str(HISTORY), "--audit"]) == 0
    *flagged, last = capsys.readouterr().out.splitlines()
    assert last == "19 of 19 rows flagged"
    assert [sum(line.startswith(cpu) for line in flagged) for cpu in MACHINES] == [9, 4, 6]
    assert flagged[0] == (
        "AMD EPYC 7763, TinyStories-1M-Q4_0, 1 thread, ctx 256: "
        "inconsistent: e2e tok/s 6.400, by its other figures 8.000; "
        f"exactly linear scaling: decode tok/s is 8.000 {TIMES} threads in 9 rows; "
        "identical figures: decode tok/s 8.000 at ctx 256, 512, 1024 and e2e tok/s 6.400 at ctx 256, 512, 1024; "
        "identical figures: TTFT ms 125.6 at threads 1, 2, 4; "
        "identical figures: RSS 512.0 MB in all 9 rows, at every context; "
        f"formula: TTFT is exactly 100 + 0.1 {TIMES} ctx ms at 3 contexts; "
        "round numbers: decode tok/s is 8, 16, 32 in all 9 rows"
    )
    eight_threads = next(line for line in flagged if line.startswith("Apple M2, TinyStories-1M-Q4_0, 8 threads"))
    assert "linear" not in eight_threads  # published as 7.6 times one thread
    assert "identical figures: decode tok/s 87.40 at ctx 256, 1024" in eight_threads


# What is measured is not flagged


def noisy_processes(rng, count, iterations, rate, ttft_ms, rss_mb, **point):
    """Records as workers write them: noise between and within processes, spikes, tokens that add up, whole pages."""
    for number in range(count):
        speed = rate * rng.lognormal(0, 0.03)
        samples = []
        for _ in range(iterations):
            token_ms = (
                1000
                / speed
                * rng.lognormal(0, 0.05)
                * rng.lognormal(0, 0.05, 127)
                * np.where(rng.random(127) < 0.02, 3, 1)
            )
            prompt_ms = ttft_ms * rng.lognormal(0, 0.08)
            pages = int(rss_mb * rng.lognormal(0, 0.002) * 1e6 / 4096)
            samples.append(sample(token_ms.sum(), prompt_ms, pages * 4096 / 1e6, token_ms.tolist()))
            samples[-1]["decode_ns"] = sum(samples[-1]["token_ns"])
        one = record(samples, replicate=number, n_gen=128, tokens_per_dispatch=1, **point)
        one["memory"]["peak_rss_bytes"] = one["memory"]["steady_rss_bytes"] = samples[-1]["rss_bytes"]
        one["warmup_samples"] = samples[:1]
        one["wall_ns"] = sum(s["ttft_ns"] + s["decode_ns"] for s in [*samples, samples[0]]) + 5 * 10**9
        one["bytes_per_token"] = int(0.8 * 40e9 / rate)
        one["read_bandwidth"] = {"bytes_per_s": 40e9 * rng.lognormal(0, 0.05)}
        yield one


def sweep(seed):
    """A grid of a healthy machine, anywhere between all but linear scaling and threads that are of no use."""
    rng = np.random.default_rng(seed)
    rate = 10 ** rng.uniform(0, 4)
    efficiency, depth_costs = rng.choice([1.0, 0.98, 0.6, 0.2]), rng.choice([0.0, 0.0001, 0.001])
    count, iterations = ((1, 3), (1, 5), (2, 5), (6, 5))[seed % 4]
    for kernel in ("xla", "native"):
        for ctx in (256, 512, 1024, 2048):
            for threads in (1, 2, 4):
                here = rate * (1 + (threads - 1) * efficiency) / (1 + ctx * depth_costs)
                point = {"threads": threads, "ctx": ctx, "n_prompt": ctx - 128, "model_hash": f"sha256:{seed}"}
                made = list(noisy_processes(rng, count, iterations, here, ctx * 100 / here, 170, **point))
                for one in made:
                    yield one | {"id": f"{one['id']}-{kernel}", "resolved": one["resolved"] | {"kernel": kernel}}
    yield failed("killed", threads=8)


@pytest.mark.slow
def test_measured_rows_are_not_flagged_with_or_without_their_records(tmp_path):
    for seed in range(24):
        records = list(sweep(seed))
        folder = run_folder(tmp_path / str(seed), records)
        write_summaries(folder, read(records), scenarios(records), "the tables\n")
        assert audit([folder]) == "0 of 25 rows flagged\n"
        assert audit([folder / "summary.json"]) == "0 of 25 rows flagged\n"


# What a measurement hardly ever does, one thing at a time


def flagged(records):
    """Reasons by the number of the row, of rows that have some; rows are in the order of (ctx, threads)."""
    rows = scenarios(records).to_dicts()
    for row in rows:
        row["records"] = [read(records)[number] for number in row["record_numbers"]]
    return {number: why for number, why in enumerate(reasons(rows)) if why}


def healthy(seed=0, count=1, iterations=5, **point):
    rng = np.random.default_rng(seed)
    rate, ttft_ms = 100 * rng.lognormal(0, 0.1), 50 * rng.lognormal(0, 0.1)
    return list(noisy_processes(rng, count, iterations, rate, ttft_ms, 170, **point))


def damaged(path, value, **changes):
    """A healthy record with something else at a dotted path."""
    one = healthy(**changes)[0]
    *steps, last = path.split(".")
    inside = one
    for step in steps:
        inside = inside[int(step) if step.isdigit() else step]
    inside[last] = value
    return [one]


def with_times(decode_ms, ttft_ms=(50.1, 52.3, 49.2, 51.7, 50.6), **changes):
    answers = [sample(decode, ttft_ms=ttft) for decode, ttft in zip(decode_ms, ttft_ms, strict=False)]
    return [record(answers, **changes)]


EVEN = "formula-like variance: the decode samples of a process go in even steps"


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        (with_times([997.3] * 5), "zero variance: all 5 decode samples of a process are 100.3 tok/s"),
        (with_times([997.3, 981.1, 990.7], [50.1] * 3), "zero variance: all 3 ttft samples of a process are 50.10 ms"),
        (
            [one for number in range(3) for one in with_times([997.3], [50 + number**0.5], replicate=number)],
            "zero variance: all 3 decode medians of the processes are 100.3 tok/s",
        ),
        (damaged("samples.0.token_ns", [7_900_000] * 127), "zero variance: all 127 tokens of an answer took 7900000"),
        (with_times([997.3, 998.4, 999.5, 1000.6]), EVEN),
        (with_times([100_000 / rate for rate in (97.3, 96.3, 95.3, 94.3)]), EVEN),
        (damaged("read_bandwidth", {"bytes_per_s": 2e10}), "above the roofline: decoding reads 1.5"),
        (damaged("memory.peak_rss_bytes", 2_000_000), "RSS below the weights: peak 2.0 MB, weights 2.1 MB"),
        (with_times([1000, 980.1, 1019.3]), "round number: decode tok/s is measured as exactly 100"),
        (damaged("samples.1.token_ns", [7_900_000, 7_800_000]), "an answer of 128 tokens has 2 times of tokens"),
        (damaged("samples.1.decode_ns", 2 * 10**9), "the tokens of an answer took 1"),
        (damaged("wall_ns", 5 * 10**9), "inconsistent: answers of"),
    ],
)
def test_one_row(records, reason):
    found = flagged(records)
    assert list(found) == [0]
    assert any(reason in why for why in found[0]), found


@pytest.mark.parametrize(
    "records",
    [
        with_times([997.3, 997.3]),  # two may be alike
        with_times([997.3, 998.4, 999.5]),  # three may be in even steps
        damaged("memory.peak_rss_bytes", None),
        damaged("read_bandwidth", {"bytes_per_s": 3e10}),  # 1.07 to 1.1: a measuring error
        damaged("read_bandwidth", None),
        damaged("warmup_samples", None),
    ],
)
def test_one_row_that_may_be(records):
    assert flagged(records) == {}


def test_of_several_readings_of_the_bandwidth_the_fastest_counts():
    records = healthy(count=3)
    for one in records[:2]:
        one["read_bandwidth"] = {"bytes_per_s": 1e10}  # another program slowed the reading down
    assert flagged(records) == {}
    records[2]["read_bandwidth"] = {"bytes_per_s": 1.2e10}
    assert "above the roofline" in flagged(records)[0][0]


def test_samples_that_are_anothers_times_a_factor():
    first, copy = healthy(), healthy(threads=2)
    for answer in copy[0]["samples"]:
        answer["token_ns"] = [2 * ns for ns in answer["token_ns"]]
        answer["decode_ns"] *= 2
        answer["ttft_ns"] += answer["decode_ns"] % 1000
    copy[0]["wall_ns"] *= 2
    found = flagged([*first, *copy, *healthy(seed=1, threads=3)])
    assert list(found) == [0, 1]
    assert all(any("another process's, times a factor" in reason for reason in why) for why in found.values())


def published(tmp_path, *rows):
    path = tmp_path / "published.json"
    path.write_text(json.dumps({"rows": [ROW | {"e2e_tok_per_s": None} | row for row in rows]}))
    return audit([path]).splitlines()


def at(threads, ctx, rate, ttft_ms=None, rss_mb=None):
    return {
        "threads": threads, "ctx": ctx, "decode_tok_per_s": rate, "ttft_ms": ttft_ms, "peak_rss_mb": rss_mb,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "reason", "count"),
    [
        ([at(1, 256, 8.13), at(2, 256, 16.26), at(4, 256, 32.52)], f"8.130 {TIMES} threads in 3 rows", 3),
        ([at(1, 256, 8.13), at(4, 256, 32.52), at(1, 512, 7.9), at(8, 512, 63.2)], "exactly linear", 0),
        ([at(1, 256, 8.1234), at(4, 256, 32.4936)], f"8.123 {TIMES} threads in 2 rows", 2),
        ([at(1, 256, 8.13), at(4, 256, 32.52)], "exactly linear", 0),  # three digits may agree by chance
        ([at(1, 256, 8.1234), at(4, 256, 32.3)], "exactly linear", 0),
        ([at(1, 256, 8.1234), at(1, 256, 8.1234)], "exactly linear", 0),  # the same row twice
        ([at(1, 256, 8.13), at(1, 512, 8.13)], "identical figures: decode tok/s 8.130 at ctx 256, 512", 2),
        ([at(1, 256, 8.13), at(1, 512, 8.12)], "identical", 0),
        ([at(1, 256, 8.13, 91.2), at(4, 256, 25.2, 91.2)], "identical figures: TTFT ms 91.20 at threads 1, 4", 2),
        ([at(1, 256, 8.13, 91.2), at(4, 256, 25.2, 41.2)], "identical", 0),
        (
            [at(1, 256, 8.13, None, 401), at(1, 512, 8.1, None, 401), at(1, 768, 8, None, 401)],
            "identical figures: RSS 401.0 MB in all 3 rows, at every context",
            3,
        ),
        ([at(1, 256, 8.13, None, 401), at(1, 512, 8.1, None, 401)], "identical", 0),
        ([at(1, 256, 8.13, None, 401), at(1, 512, 8.1, None, 401), at(1, 768, 8, None, 402)], "identical", 0),
        ([at(1, 256, 8.13, 61.2), at(1, 512, 8.1, 112.4), at(1, 768, 8, 163.6)], "TTFT is exactly 10 + 0.2", 3),
        ([at(1, 256, 8.13, 61.2), at(1, 512, 8.1, 112.4), at(1, 768, 8, 163.7)], "formula", 0),
        (
            [at(1, 256, 8.0), at(2, 256, 15), at(4, 256, 28)],
            "round numbers: decode tok/s is 8, 15, 28 in all 3 rows",
            3,
        ),
        ([at(1, 256, 8.0), at(2, 256, 15.1), at(4, 256, 28)], "round", 0),
    ],
)
def test_rows_beside_each_other(tmp_path, rows, reason, count):
    *told, last = published(tmp_path, *rows)
    assert last == f"{count} of {len(rows)} rows flagged"
    assert [reason in line for line in told] == [True] * count


def test_rows_of_two_machines_are_not_compared(tmp_path):
    rows = [at(threads, 256, rate) for threads, rate in ((1, 8.1234), (2, 16.2468), (4, 32.4936))]
    others = [row | {"cpu": f"CPU {number}"} for number, row in enumerate(rows)]
    assert published(tmp_path, *others)[-1] == "0 of 3 rows flagged"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"e2e_tok_per_s": 60.0}, "inconsistent: e2e tok/s 60.00, by its other figures 9"),
        ({"prefill_tok_per_s": 7.0}, "inconsistent: prefill tok/s 7.000"),
        ({"tok_per_s_per_core": 7.0}, "inconsistent: tok/s per core 7.000"),
        ({"gb_per_s": 7.0}, "inconsistent: GB/s 7.000"),
        ({"itl_ms_p50": 99.0, "itl_ms_p90": 99.0, "itl_ms_p99": 99.0}, "half of the tokens took 99 ms or more"),
        ({"itl_ms_p99": 0.5}, "inconsistent: ITL p50"),
        ({"roofline": 1.3}, "above the roofline: decoding reads 1.30 times"),
        ({"peak_rss_mb": 1.5}, "RSS below the weights: peak 1.5 MB"),
        ({"decode_tok_per_s": None}, None),
        ({"roofline": "x", "flags": 7}, None),
    ],
)
def test_a_summary_alone_is_judged_by_its_own_figures(tmp_path, change, reason):
    records = healthy()
    write_summaries(tmp_path, read(records), scenarios(records), "the tables\n")
    path = tmp_path / "summary.json"
    summary = json.loads(path.read_text())
    summary["rows"][0] |= change
    path.write_text(json.dumps(summary))
    *told, last = audit([path]).splitlines()
    assert last == f"{len(told)} of 1 rows flagged"
    assert [reason in line for line in told] == ([True] if reason else [])


def test_a_summary_beside_the_records_must_be_of_them(tmp_path):
    records = [*healthy(), *healthy(seed=1, model_hash="sha256:2")]  # two models of one name
    folder = run_folder(tmp_path, records)
    write_summaries(folder, read(records), scenarios(records), "the tables\n")
    assert audit([folder]) == "0 of 2 rows flagged\n"
    path = folder / "summary.json"
    summary = json.loads(path.read_text())
    summary["rows"][0]["decode_tok_per_s"] *= 1.1
    path.write_text(json.dumps(summary))
    *told, last = audit([folder]).splitlines()
    assert last == "1 of 2 rows flagged"
    assert "the summary beside the records says decode_tok_per_s" in told[0]
    summary["rows"][0]["samples"] = 4  # of an earlier state of the folder: says nothing
    path.write_text(json.dumps(summary))
    assert audit([folder]) == "0 of 2 rows flagged\n"


def test_several_targets_are_counted_together(tmp_path):
    folder = run_folder(tmp_path / "run", healthy())
    lines = audit([folder, HISTORY, Path("smallmind-2026-02")]).splitlines()
    assert lines[-1] == "38 of 39 rows flagged"
    assert lines[0].startswith(f"{HISTORY}: AMD EPYC 7763")


@pytest.mark.parametrize(
    "content", ["[", "[]", '{"schema": 2}', '{"schema": 2, "rows": [7]}', '{"schema": 2, "rows": [{}]}']
)
def test_what_holds_no_rows_is_refused_in_one_line(tmp_path, content, capsys):
    path = tmp_path / "a.json"
    path.write_text(content)
    assert main(["report", str(path), "--audit"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(path) in said


def test_an_audit_reports_and_writes_nothing(tmp_path, capsys):
    folder = run_folder(tmp_path / "run", healthy())
    assert main(["report", str(folder), "--audit", "--out", str(tmp_path / "out")]) == 2
    assert "--audit: expected no --out" in capsys.readouterr().err
    assert main(["report", str(folder), "--audit"]) == 0
    assert [path.name for path in folder.iterdir()] == ["records"]
    with pytest.raises(RequestError, match="found none"):
        audit([tmp_path])
