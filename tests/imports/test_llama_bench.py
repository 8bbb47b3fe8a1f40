"""llama-bench's five formats: the spans it timed as the figures they are, and no other."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path

import pytest

from smjax.core.records.import_flags import AVERAGES_ONLY, DATE_UNSURE, NO_ID_CHOSEN, OTHER_DEVICE, PROMPT_AT_DEPTH
from smjax.core.records.imported import Timed
from smjax.imports.documents import spread
from tests.imports.importing import DATA, imported, one_test, rows

FORMATS = ("jsonl", "json", "csv", "sql", "md")
TYPED = ("jsonl", "json")
FIGURES = ("prefill_tok_per_s", "forward_tok_per_s", "passes_tok_per_s")


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_has_the_tests_that_were_run(form: str, tmp_path: Path) -> None:
    found = rows(imported("llama-bench", DATA / f"llama-bench.{form}", tmp_path))
    first = [row for row in found if row["threads"] == 1]
    assert [(row["ctx"], row["n_prompt"], row["n_gen"]) for row in first] == [
        *((16, 0, 16), (48, 32, 16), (64, 64, 0), (144, 128, 16), (176, 32, 16), (192, 64, 0)),
    ]
    assert [next(name for name in FIGURES if row[name]) for row in first] == [
        *("forward_tok_per_s", "passes_tok_per_s", "prefill_tok_per_s"),
        *("forward_tok_per_s", "passes_tok_per_s", "prefill_tok_per_s"),
    ]
    for row in first:
        assert sum(row[name] is not None for name in FIGURES) == 1
        assert (row["engine"], row["kernel"], row["provenance"], row["status"]) == (
            "llama_cpp",
            "ggml",
            "imported",
            "ok",
        )
        assert NO_ID_CHOSEN.name in row["flags"]
        assert (PROMPT_AT_DEPTH.name in row["flags"]) == (row["ctx"] in (176, 192))


@pytest.mark.parametrize("form", FORMATS)
def test_what_it_does_not_time_is_empty(form: str, tmp_path: Path) -> None:
    unknown = ("decode_tok_per_s", "sustained_tok_per_s", "ttft_ms", "tpot_ms", "e2e_tok_per_s", "itl_ms_p50", "isa")
    for row in rows(imported("llama-bench", DATA / f"llama-bench.{form}", tmp_path)):
        assert dict.fromkeys(unknown) == {name: row[name] for name in unknown}
        assert [row[name] for name in ("host", "machine", "smjax", "jaxlib", "os", "peak_rss_mb")] == [None] * 6


@pytest.mark.parametrize("form", TYPED)
def test_the_figure_is_the_median_of_its_samples(form: str, tmp_path: Path) -> None:
    records = imported("llama-bench", DATA / f"llama-bench.{form}", tmp_path)
    text = (DATA / f"llama-bench.{form}").read_text()
    said = json.loads(text) if form == "json" else [json.loads(line) for line in text.splitlines()]
    of_record = [row for record in records for row in rows([record])]
    assert [row[next(n for n in FIGURES if row[n])] for row in of_record] == [
        pytest.approx(statistics.median(test["samples_ts"]), rel=1e-4) for test in said
    ]
    assert [row["samples"] for row in of_record] == [5] * len(said)
    assert [record.imported.place for record in records][:2] == ["line 1", "line 2" if form == "jsonl" else "line 48"][
        : 1 if form == "json" else 2
    ] or form == "json"


@pytest.mark.parametrize("form", ["csv", "sql", "md"])
def test_averages_are_no_samples(form: str, tmp_path: Path) -> None:
    records = imported("llama-bench", DATA / f"llama-bench.{form}", tmp_path)
    for row in rows(records):
        assert (row["samples"], row["repetitions_spread"]) == (None, None)
        assert AVERAGES_ONLY.name in row["flags"]
        assert (DATE_UNSURE.name in row["flags"]) == (form == "md")
    assert all(record.imported and record.imported.are_means for record in records)


def test_the_average_is_the_one_that_is_printed(tmp_path: Path) -> None:
    by_ctx = {row["ctx"]: row for row in rows(imported("llama-bench", DATA / "llama-bench.md", tmp_path))}
    assert by_ctx[64]["prefill_tok_per_s"] == pytest.approx(15227.35, rel=1e-6)
    assert by_ctx[144]["forward_tok_per_s"] == pytest.approx(3796.74, rel=1e-6)
    assert by_ctx[176]["passes_tok_per_s"] == pytest.approx(7600.95, rel=1e-6)


def test_repetitions_are_of_one_process_and_have_no_interval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = imported("llama-bench", DATA / "llama-bench.jsonl", tmp_path)
    said = capsys.readouterr().out
    assert "line 1: 14170 ± 6980 tok/s over 5 repetitions of one process (standard deviation)" in said
    assert "no interval with one process" in said
    for row in rows(records):
        assert row["replicates"] == 1
        assert row["repetitions_spread"] > 0
        assert [row[f"{name}_{end}"] for name in ("decode_tok_per_s", "ttft_ms") for end in ("lo", "hi")] == [None] * 4


def test_the_spread_does_not_lose_its_digits() -> None:
    spans = [10**9 + last for last in (0, 1, 2)]
    assert spread([Timed(forward_ns=span) for span in spans]) == pytest.approx(1 / (10**9 + 1), rel=1e-12)
    one_pass = sum(span * span for span in map(float, spans)) / 2 - (sum(spans) / 3) ** 2 * 3 / 2
    assert not math.isclose(one_pass, 1, rel_tol=0.5), "what sums of squares make of the same samples"
    assert spread([Timed(forward_ns=10**9)]) is None


@pytest.mark.parametrize("form", TYPED)
def test_all_that_it_says_is_kept_and_what_it_means_here_has_its_name(form: str, tmp_path: Path) -> None:
    record = imported("llama-bench", DATA / f"llama-bench.{form}", tmp_path)[0]
    said = record.imported
    assert said is not None
    assert said.fields["n_batch"] == 2048
    assert said.fields["tensor_buft_overrides"] == "none"
    assert "samples_ns" not in said.fields
    assert (said.tool, said.file, said.version) == ("llama-bench", f"llama-bench.{form}", "1 0c1e570")
    assert record.versions == {"llama.cpp": "1", "llama.cpp commit": "0c1e570"}
    assert record.scenario.engine_args == {"flash_attn": "0"}
    assert record.scenario.kv_dtype == "float16"
    assert (record.environment.cpu.model, record.environment.cpu.arch) == ("AMD EPYC", "x86_64")
    assert record.model.weight_bytes == 2141184


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"type_v": "q8_0"}, {"kv_dtype": "float16/q8_0"}),
        ({"type_v": "q8_0", "type_k": ...}, {"kv_dtype": None}),  # as Markdown, which leaves out what is as usual
        ({"flash_attn": True}, {"engine_args": "flash_attn=1"}),
        ({"flash_attn": -1, "use_mmap": False}, {"engine_args": "flash_attn=auto, mmap=false"}),
        ({"load_mode": "mmap"}, {"engine_args": "flash_attn=0, mmap=true"}),
        ({"model_filename": r"C:\models\a b.gguf"}, {"model": "a b.gguf"}),
        ({"model_filename": ...}, {"model": "llama ?B Q4_0"}),
        ({"n_threads": ...}, {"threads": None}),
        ({"cpu_info": "Neoverse-V2"}, {"arch": "arm64", "cpu": "Neoverse-V2"}),
        ({"cpu_info": ...}, {"arch": None, "cpu": None}),
        ({"something_new": [1]}, {"status": "ok"}),
    ],
)
def test_what_builds_say_differently(changes: dict[str, object], expected: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(one_test(**changes)))
    (row,) = rows(imported("llama-bench", path, tmp_path / "out"))
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("changes", "is_other"),
    [({"backends": "CPU"}, False), ({"backends": "Metal,BLAS"}, True), ({"gpu_info": "Tesla T4"}, True)],
)
def test_what_a_cpu_did_not_compute_is_flagged(changes: dict[str, str], is_other: bool, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(one_test(**changes)))
    (row,) = rows(imported("llama-bench", path, tmp_path / "out"))
    assert (OTHER_DEVICE.name in row["flags"]) == is_other


def test_rates_alone_are_samples_too(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(one_test(samples_ns=..., samples_ts=[100.0, 200.0, 400.0])))
    (row,) = rows(imported("llama-bench", path, tmp_path / "out"))
    assert (row["prefill_tok_per_s"], row["samples"]) == (pytest.approx(200), 3)


def test_the_same_test_twice_in_a_file_is_two_rows(tmp_path: Path) -> None:
    """Nobody can say whether one process ran both."""
    path = tmp_path / "two.jsonl"
    path.write_text(json.dumps(one_test()) + "\n" + json.dumps(one_test(samples_ns=[7 * 10**6] * 3, samples_ts=...)))
    found = rows(imported("llama-bench", path, tmp_path / "out"))
    assert [row["replicates"] for row in found] == [1, 1]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("form", FORMATS)
def test_windows_writes_it_otherwise(form: str, encoding: str, tmp_path: Path) -> None:
    text = (DATA / f"llama-bench.{form}").read_text(encoding="utf-8").replace("\n", "\r\n")
    path = tmp_path / "there"
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    path.write_bytes((mark + text).encode(encoding))
    found = rows(imported("llama-bench", path, tmp_path / "out"))
    expected = rows(imported("llama-bench", DATA / f"llama-bench.{form}", tmp_path / "plain"))
    names = (*FIGURES, "ctx", "threads", "model")
    assert [[row[name] for name in names] for row in found] == [[row[name] for name in names] for row in expected]


def test_names_with_quotes_and_lines_are_read_as_they_are(tmp_path: Path) -> None:
    csv, sql = tmp_path / "a.csv", tmp_path / "a.sql"
    csv.write_text((DATA / "llama-bench.csv").read_text().replace("shakespeare-q4_0.gguf", 'a ""b"",\nc.gguf'))
    sql.write_text((DATA / "llama-bench.sql").read_text().replace("shakespeare-q4_0.gguf", "it's.gguf"))
    assert {row["model"] for row in rows(imported("llama-bench", csv, tmp_path / "csv"))} == {r'a "b",\nc.gguf'}
    assert {row["model"] for row in rows(imported("llama-bench", sql, tmp_path / "sql"))} == {"it's.gguf"}


def test_a_database_s_own_dump_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "dump.sql"
    names = "build_commit TEXT, n_threads INTEGER, n_prompt INTEGER, n_gen INTEGER, model_type TEXT, avg_ns INTEGER"
    path.write_text(
        f"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE llama_bench ({names});\n"
        "INSERT INTO llama_bench VALUES('ab''c',2,128,0,'a, b',1000000);\nCOMMIT;\n"
    )
    (row,) = rows(imported("llama-bench", path, tmp_path / "out"))
    assert (row["threads"], row["model"], row["prefill_tok_per_s"]) == (2, "a, b", pytest.approx(128_000))


def test_a_table_among_other_text_is_found(tmp_path: Path) -> None:
    path = tmp_path / "issue.md"
    path.write_text("On my machine:\n\n" + (DATA / "llama-bench.md").read_text() + "\nand that is slow.\n")
    assert len(imported("llama-bench", path, tmp_path / "out")) == 6
