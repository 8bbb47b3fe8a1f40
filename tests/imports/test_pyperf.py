"""pyperf's files: processes that it started, with times of what whoever imports them says."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import pytest

from smjax.core.records.flags import MODES_NOT_TESTABLE
from smjax.core.records.import_flags import DATE_UNSURE, MEANING_CLAIMED, MEANS
from tests.imports.importing import DATA, imported, refused, rows

FILE = DATA / "pyperf.json"
ANSWER = ("--as", "answer", "--n-prompt", "16", "--n-gen", "8")


def file_of(path: Path, **metadata: Any) -> Path:
    """The file with other metadata; what is None is left out."""
    whole = json.loads(FILE.read_text())
    said = whole["metadata"] | metadata
    whole["metadata"] = {name: value for name, value in said.items() if value is not None}
    path.write_text(json.dumps(whole))
    return path


def medians() -> list[float]:
    return [statistics.median(run["values"]) for run in json.loads(FILE.read_text())["benchmarks"][0]["runs"]]


@pytest.mark.parametrize(
    ("options", "column", "expected"),
    [
        (ANSWER, "e2e_tok_per_s", 8 / statistics.median(medians())),
        (("--as", "ttft", "--n-prompt", "16"), "ttft_ms", 1e3 * statistics.median(medians())),
        (("--as", "decode", "--n-prompt", "16", "--n-gen", "9"), "decode_tok_per_s", 8 / statistics.median(medians())),
    ],
)
def test_a_time_is_what_is_said_of_it(options: tuple[str, ...], column: str, expected: float, tmp_path: Path) -> None:
    (row,) = rows(imported("pyperf", FILE, tmp_path, *options))
    assert row[column] == pytest.approx(expected, rel=0.01)  # of an even number of processes, medians of rates or times
    figures = ("e2e_tok_per_s", "ttft_ms", "decode_tok_per_s", "forward_tok_per_s", "passes_tok_per_s")
    assert [name for name in figures if row[name] is not None] == [column]
    assert (row["replicates"], row["samples"], row["label"]) == (4, 12, "answer of 8 tokens")
    assert {DATE_UNSURE.name, MEANING_CLAIMED.name} <= set(row["flags"].split(";"))
    assert (row["threads"], row["model"], row["engine"], row["host"]) == (None, None, None, None)
    assert (row["cpu"], row["arch"]) == ("AMD EPYC", "x86_64")


def test_processes_have_an_interval(tmp_path: Path) -> None:
    options = ("--as", "decode", "--n-prompt", "16", "--n-gen", "9", "--threads", "2", "--engine", "mine")
    records = imported("pyperf", FILE, tmp_path, *options)
    (row,) = rows(records)
    assert row["decode_tok_per_s_lo"] < row["decode_tok_per_s"] < row["decode_tok_per_s_hi"]
    assert MODES_NOT_TESTABLE.name in row["flags"]
    assert (row["threads"], row["engine"]) == (2, "mine")
    assert [record.replicate for record in records] == [0, 1, 2, 3]
    assert records[0].memory.peak_rss_bytes == 19820544
    assert records[0].imported is not None
    assert records[0].imported.fields["warmups"] == [[1, 0.020559694999974454]]


def test_an_answer_as_a_whole_has_no_decode_interval_to_miss(tmp_path: Path) -> None:
    (row,) = rows(imported("pyperf", FILE, tmp_path, *ANSWER))
    assert "no-interval" not in row["flags"]
    assert row["no_interval_reason"] is None


def test_loops_make_means_of_samples(tmp_path: Path) -> None:
    (row,) = rows(imported("pyperf", file_of(tmp_path / "a.json", loops=8), tmp_path / "out", *ANSWER))
    assert MEANS.name in row["flags"]


def test_calibrations_are_no_processes(tmp_path: Path) -> None:
    whole = json.loads(FILE.read_text())
    whole["benchmarks"][0]["runs"].insert(0, {"metadata": {"calibrate_loops": 1}, "warmups": [[1, 0.02]]})
    (tmp_path / "a.json").write_text(json.dumps(whole))
    (row,) = rows(imported("pyperf", tmp_path / "a.json", tmp_path / "out", *ANSWER))
    assert row["replicates"] == 4


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"unit": "byte"}, "unit: expected second, found byte"),
        ({"command": "true"}, "expected times of an answer in a process that has loaded its model"),
        ({"name": None}, "name: expected it, found nothing"),
        ({"date": "yesterday"}, "yesterday"),
        ({"loops": 0}, "loops: expected a whole number from 1"),
    ],
)
def test_what_is_no_time_of_a_call_is_refused(
    metadata: dict[str, Any], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file_of(tmp_path / "a.json", **metadata)
    if "date" in metadata:
        whole = json.loads(path.read_text())
        whole["benchmarks"][0]["runs"][0]["metadata"]["date"] = metadata["date"]
        path.write_text(json.dumps(whole))
    line = refused(capsys, "import", "pyperf", str(path), *ANSWER, "--out", str(tmp_path / "out"))
    assert line.startswith(f"{path}: ")
    assert expected in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), "expected what was timed, found nothing; write --as ttft, decode or answer"),
        (("--as", "answer", "--n-gen", "4"), "expected --n-prompt, found none"),
        (("--as", "decode", "--n-prompt", "4"), "expected --n-gen, found none"),
        (("--as", "decode", "--n-prompt", "4", "--n-gen", "1"), "expected --n-gen of 2 and more"),
    ],
)
def test_what_was_timed_has_to_be_said(
    options: tuple[str, ...], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert expected in refused(capsys, "import", "pyperf", str(FILE), *options)


@pytest.mark.parametrize("text", ["{}", "[]", '{"version": "2.0"}', '{"version": "1.0", "benchmarks": []}', "nonsense"])
def test_a_foreign_file_is_refused(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    assert refused(capsys, "import", "pyperf", str(path), *ANSWER).startswith(f"{path}: ")
