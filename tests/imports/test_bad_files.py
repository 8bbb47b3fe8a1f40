"""Files that are cut, foreign or odd: one line with the place in it, exit code 2, and nothing is written."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from smjax.__main__ import main
from smjax.imports import source
from tests.imports.importing import DATA, one_test, refused

JSONL, JSON, CSV, SQL, MD = (
    (DATA / f"llama-bench.{form}").read_text() for form in ("jsonl", "json", "csv", "sql", "md")
)


def cut_line(text: str, number: int) -> str:
    """The text, cut in the middle of a line."""
    lines = text.splitlines(keepends=True)
    return "".join(lines[: number - 1]) + lines[number - 1][: len(lines[number - 1]) // 2]


def with_line(text: str, number: int, change: Callable[[str], str]) -> str:
    lines = text.split("\n")
    lines[number - 1] = change(lines[number - 1])
    return "\n".join(lines)


BAD: dict[str, tuple[str, str]] = {
    "jsonl cut": (cut_line(JSONL, 7), "line 7: expected JSON, found "),
    "jsonl, a number for a test": (JSONL + "7\n", "line 8: expected a test, as a JSON object, found 7"),
    "jsonl, two tests in a line": (JSONL.replace("\n", "", 1), "line 1: expected one test a line"),
    "jsonl, a name twice": ('{"n_gen": 1, "n_gen": 2}', "line 1: expected JSON, found n_gen twice in one object"),
    "jsonl, NaN": (
        JSONL.replace('"avg_ns": ', '"avg_ns": NaN, "x": ', 1),
        "line 1: expected JSON, found NaN, which is",
    ),
    "json cut": (cut_line(JSON, 60), "line 60: expected JSON, found "),
    "json without its end": (JSON.rstrip().removesuffix("]"), "expected another test, or ] and the end, found the end"),
    "json of numbers": ("[1, 2]", "line 1: expected a test, as a JSON object, found 1"),
    "json without tests": ("[]", "line 1: expected JSON, found Expecting value"),
    "json that goes on": (JSON + "[]", "expected another test, or ] and the end, found ]"),
    "json in json in json": ("[" * 100_000, "line 1: expected JSON, found RecursionError"),
    "csv cut": (cut_line(CSV, 4), "line 4: expected 42 values, found "),
    "csv, a value less": (
        with_line(CSV, 3, lambda line: line.partition(",")[2]),
        "line 3: expected 42 values, found 41",
    ),
    "csv, no n_gen": (CSV.replace("n_gen", "n_other", 1), "line 2: n_gen: expected a whole number from 0"),
    "csv, a column twice": (CSV.replace("n_ubatch", "n_batch", 1), "line 1: expected each column once, found n_batch"),
    "csv, an open quote": (CSV.rstrip() + '\n"0c1e570","1', "line 8: expected CSV, found "),
    "csv, heading alone": (CSV.splitlines()[0], "expected tests of llama-bench, found none"),
    "sql cut": (
        cut_line(SQL, 48),
        "line 48: expected CREATE TABLE or INSERT INTO llama_bench, and its end, found INSERT",
    ),
    "sql of another table": (
        SQL.replace("llama_bench", "users"),
        "line 1: expected the table llama_bench, found the table",
    ),
    "sql with something else": (SQL + "DROP TABLE llama_bench;\n", "line 52: expected CREATE TABLE or INSERT INTO"),
    "sql, a value less": (SQL.replace("('0c1e570', ", "(", 1), "line 46: expected 42 values, found 41"),
    "md, wrapped": (MD.replace("| CPU        |", "| CPU\n|", 1), "line 3: expected a row of the table, from | to |"),
    "md, cut": (cut_line(MD, 5), "line 5: expected a row of the table, from | to |"),
    "md, a cell less": (
        with_line(MD, 4, lambda line: "|" + line.partition("2.04 MiB |")[2]),
        "line 4: expected 8 cells",
    ),
    "md, no test": (MD.replace("            test", "            what"), "line 1: expected a column test, found "),
    "md without its heading": ("\n".join(MD.splitlines()[2:]), "line 1: expected a heading with t/s above it"),
    "md, another test": (MD.replace("pp64", "xx64", 1), "line 3: test: expected pp512, tg128, pp512+tg128, or one of"),
    "md, no deviation": (
        MD.replace(" ± 5844.69", "", 1),
        "line 3: t/s: expected an average ± a deviation, found 15227.35",
    ),
    "md, no number": (MD.replace("15227.35", "nan", 1), "line 3: avg_ts: expected a number above 0, found nan"),
    "a summary's csv": (
        "status,engine,kernel\nok,smjax,xla\n",
        "line 1: expected llama-bench's output (-o jsonl, json, csv",
    ),
    "a summary's json": ('{"schema": 3, "rows": []}', "line 1: n_prompt: expected a whole number from 0"),
    "a poem": (
        "Rose is a rose\n",
        "line 1: expected llama-bench's output (-o jsonl, json, csv, sql or md), found Rose is",
    ),
    "empty": ("", "expected llama-bench's output, found an empty file"),
    "blank": (" \n\n", "expected llama-bench's output, found an empty file"),
    "null bytes": ("{\0}", "line 1: expected text in UTF-8, found a null byte; save it as UTF-8"),
}


@pytest.mark.parametrize("name", BAD)
def test_the_place_is_named_and_nothing_is_written(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, expected = BAD[name]
    path = tmp_path / "results"
    path.write_text(text)
    line = refused(capsys, "import", "llama-bench", str(path), "--out", str(tmp_path / "out"))
    assert line.startswith(f"{path}: ")
    assert expected in line
    assert "; " in line, "what to do"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"samples_ns": [-1, 2], "samples_ts": ...}, "samples_ns[0]: expected a number above 0, found -1"),
        ({"samples_ns": [10**6, 0], "samples_ts": ...}, "samples_ns[1]: expected a number above 0, found 0"),
        ({"samples_ns": [], "samples_ts": ...}, "samples_ns: expected a list of numbers above 0, found []"),
        ({"samples_ns": 7, "samples_ts": ...}, "samples_ns: expected a list of numbers above 0, found 7"),
        ({"samples_ns": [True], "samples_ts": ...}, "samples_ns[0]: expected a number above 0, found True"),
        ({"samples_ns": ["1"], "samples_ts": ...}, "samples_ns[0]: expected a number above 0, found '1'"),
        ({"samples_ns": [10**400], "samples_ts": ...}, "samples_ns[0]: expected a number above 0, found 1000"),
        (
            {"samples_ns": [63], "samples_ts": ...},
            "samples_ns[0]: expected 64 to 1,000,000,000,000,000 ns for 64 tokens",
        ),
        ({"samples_ns": [10**16], "samples_ts": ...}, "samples_ns[0]: expected 64 to 1,000,000,000,000,000 ns"),
        ({"samples_ts": [1.0] * 5}, "samples_ts[0]: expected 8985.87, 64 tokens in samples_ns[0], found 1"),
        ({"samples_ts": [8985.87]}, "samples_ts: expected as many as samples_ns, 5, found 1"),
        ({"samples_ns": ..., "samples_ts": ..., "avg_ns": 0}, "avg_ns: expected a number above 0, found 0"),
        ({"samples_ns": ..., "samples_ts": ..., "avg_ns": ..., "avg_ts": ...}, "avg_ts: expected a number above 0"),
        ({"n_prompt": 0}, "n_prompt, n_gen: expected at least one above 0, found 0 and 0"),
        ({"n_prompt": -5}, "n_prompt: expected a whole number from 0 to 1,000,000,000, found -5"),
        ({"n_prompt": 1.5}, "n_prompt: expected a whole number from 0 to 1,000,000,000, found 1.5"),
        ({"n_prompt": True}, "n_prompt: expected a whole number from 0 to 1,000,000,000, found True"),
        ({"n_threads": 0}, "n_threads: expected a whole number from 1"),
        ({"n_depth": "deep"}, "n_depth: expected a whole number from 0"),
        ({"model_filename": ["a"]}, "model_filename: expected a text, found ['a']"),
        ({"model_filename": "", "model_type": ""}, "model_type: expected it, found nothing"),
        (
            {"test_time": "yesterday"},
            "test_time: expected a date and time, as in 2026-02-28T12:00:00Z, found yesterday",
        ),
    ],
)
def test_a_value_that_is_none_is_named(
    changes: dict[str, object], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results"
    path.write_text(f"{JSONL.splitlines()[1]}\n{json.dumps(one_test(**changes))}\n")
    line = refused(capsys, "import", "llama-bench", str(path), "--out", str(tmp_path / "out"))
    assert line.startswith(f"{path}: line 2: {expected}")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("tool", ["llama-bench", "pyperf"])
def test_what_is_no_file_is_not_read(tool: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--as", "ttft", "--n-prompt", "1") if tool == "pyperf" else ()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with (tmp_path / "large").open("wb") as file:
        file.truncate(10**9)
    for name, found in (
        ("pipe", "found a pipe"),
        ("folder", "found a directory"),
        ("large", "found 1,000,000,000 bytes, which is more than"),
        ("nothing", "found no such file"),
    ):
        assert found in refused(capsys, "import", tool, str(tmp_path / name), *options)


def test_bytes_that_are_no_text_are_refused_with_their_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").write_bytes(JSONL.encode() + b"\xff\xfe\xfd")
    assert "line 8: expected text in UTF-8, found other bytes" in refused(
        capsys, "import", "llama-bench", str(tmp_path / "a")
    )


def test_a_model_of_another_size_is_not_the_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("import", "llama-bench", str(DATA / "llama-bench.jsonl"), "--model", "stories-15m")
    line = refused(capsys, *command, "--out", str(tmp_path / "out"))
    assert "line 1: model: expected tensors of " in line
    assert "as stories-15m has, found 2,141,184; name the model that it was" in line


def test_of_several_models_none_is_said_to_be_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that have no sizes, as in Markdown, could else all be called so."""
    path = tmp_path / "two.md"
    path.write_text(with_line(MD, 4, lambda line: line.replace("llama ?B", "qwen2 1B")))
    line = refused(capsys, "import", "llama-bench", str(path), "--model", "stories-15m", "--out", str(tmp_path / "out"))
    assert "line 4: model: expected llama ?B Q4_0, as above, of which --model says which one it is, found qwen2" in line
    assert line.endswith("import each model by itself, or without --model")
    assert main(["import", "llama-bench", str(path), "--out", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            ("llama_bench", "a"),
            "import llama_bench: expected one of llama-bench, optimum-benchmark, pyperf; write smjax",
        ),
        (("a.jsonl",), "import a.jsonl: expected one of llama-bench"),
        (("llama-bench",), "import llama-bench: expected a file, found none"),
        (("llama-bench", "a", "--as", "ttft"), "--as: expected with pyperf alone, found with llama-bench"),
        (("llama-bench", "a", "--n-gen", "4"), "--n-gen: expected with pyperf alone, found with llama-bench"),
        (("llama-bench", "a", "--model", "none.gguf"), "none.gguf: expected a GGUF file, found no such file"),
    ],
)
def test_a_wrong_request_says_what_to_write(
    command: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert expected in refused(capsys, "import", *command)


def test_a_file_of_very_many_tests_is_to_be_cut(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("smjax.imports.llama_bench.formats.TESTS_MAX", 6)
    line = refused(capsys, "import", "llama-bench", str(DATA / "llama-bench.jsonl"), "--out", str(tmp_path / "out"))
    assert line.endswith("line 7: expected 6 tests at most, found another; cut the file into several")


def test_every_error_is_short_whatever_is_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").write_text('{"n_prompt": "' + "\x1b[2J" + "x" * 10**5 + '"}')
    line = refused(capsys, "import", "llama-bench", str(tmp_path / "a"))
    assert len(line) < 400
    assert "\x1b" not in line
    assert source.FILE_BYTES_MAX == 1 << 26


def test_a_packed_file_is_read_and_one_that_is_cut_or_far_too_large_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gzip.compress(JSONL.encode())
    path = tmp_path / "results.gz"
    path.write_bytes(whole)
    assert main(["import", "llama-bench", str(path), "--out", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    assert main(["import", "llama-bench", str(DATA / "llama-bench.jsonl"), "--out", str(tmp_path / "out")]) == 0
    assert "were there already" in capsys.readouterr().out
    for cut in (whole[:20], whole[:-30], whole[:40] + b"\0" * 40 + whole[80:]):
        path.write_bytes(cut)
        assert "found gzip that ends early or is damaged" in refused(capsys, "import", "llama-bench", str(path))
    path.write_bytes(whole)
    monkeypatch.setattr(source, "FILE_BYTES_MAX", len(whole))
    assert f"found more than {len(whole):,} bytes in it" in refused(capsys, "import", "llama-bench", str(path))
