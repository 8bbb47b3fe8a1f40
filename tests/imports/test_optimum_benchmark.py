"""optimum-benchmark's run folders: seconds as rates of one answer, where the borders between its spans lie."""

from __future__ import annotations

import json
import shutil
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smjax.core.records.import_flags import (
    BATCHED,
    DATE_UNSURE,
    DECODE_BY_DIFFERENCE,
    FIRST_ID_IN_DECODE,
    OTHER_DEVICE,
    RSS_SAMPLED,
)
from tests.imports.importing import DATA, imported, refused, rows

RUN = DATA / "optimum-benchmark"
Spoil = Callable[[dict[str, Any], dict[str, Any]], object]
"""Of report and config."""


def run_of(folder: Path, spoil: Spoil = lambda report, config: None) -> Path:
    """The run with something else in it."""
    shutil.copytree(RUN, folder)
    report, config = (json.loads((folder / f"benchmark_{name}.json").read_text()) for name in ("report", "config"))
    spoil(report, config)
    (folder / "benchmark_report.json").write_text(json.dumps(report))
    (folder / "benchmark_config.json").write_text(json.dumps(config))
    return folder


def values(target: str) -> list[float]:
    report = json.loads((RUN / "benchmark_report.json").read_text())
    found: list[float] = report[target]["latency"]["values"]
    return found


def test_its_seconds_are_rates_of_one_answer(tmp_path: Path) -> None:
    (record,) = imported("optimum-benchmark", RUN, tmp_path)
    (row,) = rows([record])
    assert row["prefill_tok_per_s"] == pytest.approx(
        statistics.median(16 / value for value in values("prefill")), rel=1e-6
    )
    assert row["decode_tok_per_s"] == pytest.approx(
        statistics.median(4 / value for value in values("decode")), rel=1e-6
    )
    assert row["itl_ms_p50"] == pytest.approx(1e3 * statistics.median(values("per_token")), rel=1e-6)
    assert (row["ttft_ms"], row["e2e_tok_per_s"], row["forward_tok_per_s"]) == (None, None, None)
    assert (row["peak_rss_mb"], row["load_s"]) == (910.75, 1.25)
    assert (row["threads"], row["ctx"], row["n_prompt"], row["n_gen"]) == (2, 21, 16, 5)
    assert (row["engine"], row["model"], row["arch"]) == ("pytorch", "TinyLlama-1.1B-Chat-v1.0", "x86_64")
    assert row["flags"].split(";") == [DATE_UNSURE.name, FIRST_ID_IN_DECODE.name, RSS_SAMPLED.name]
    assert (row["replicates"], row["samples"], row["decode_tok_per_s_lo"]) == (1, 4, None)
    assert record.versions["pytorch"] == "2.4.0"
    assert record.imported is not None
    assert record.imported.version == "0.6.0"
    assert record.imported.fields["config"]["scenario"]["warmup_runs"] == 2


def test_one_file_with_both_says_the_same(tmp_path: Path) -> None:
    parts = {name: json.loads((RUN / f"benchmark_{name}.json").read_text()) for name in ("report", "config")}
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "benchmark.json").write_text(json.dumps(parts))
    (row,) = rows(imported("optimum-benchmark", tmp_path / "run", tmp_path / "one"))
    (other,) = rows(imported("optimum-benchmark", RUN, tmp_path / "two"))
    left_out = {"run", "date", "_by_state"}
    assert {k: v for k, v in row.items() if k not in left_out} == {k: v for k, v in other.items() if k not in left_out}


def without_tokens(report: dict[str, Any], config: dict[str, Any]) -> None:
    del report["per_token"]
    report["prefill"]["latency"]["values"].append(0.5)
    config["backend"] |= {"name": "llama_cpp", "intra_op_num_threads": None}


def test_an_engine_without_times_of_tokens_has_a_difference(tmp_path: Path) -> None:
    (row,) = rows(imported("optimum-benchmark", run_of(tmp_path / "run", without_tokens), tmp_path / "out"))
    mean_prompt = statistics.mean([*values("prefill"), 0.5])
    assert row["ttft_ms"] == pytest.approx(1e3 * mean_prompt, rel=1e-6)
    assert (row["itl_ms_p50"], row["threads"]) == (None, None)
    assert DECODE_BY_DIFFERENCE.name in row["flags"]


def test_several_prompts_at_a_time_and_other_devices_are_flagged(tmp_path: Path) -> None:
    def spoil(report: dict[str, Any], config: dict[str, Any]) -> None:
        config["scenario"]["input_shapes"]["batch_size"] = 4
        config["backend"]["device"] = "cuda"

    (row,) = rows(imported("optimum-benchmark", run_of(tmp_path / "run", spoil), tmp_path / "out"))
    assert {BATCHED.name, OTHER_DEVICE.name} <= set(row["flags"].split(";"))


def put(*place: str, value: Any) -> Spoil:
    def spoil(report: dict[str, Any], config: dict[str, Any]) -> None:
        inside = {"report": report, "config": config}[place[0]]
        for step in place[1:-1]:
            inside = inside[step]
        inside[place[-1]] = value

    return spoil


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (put("report", "decode", "latency", "unit", value="ms"), "decode.latency.unit: expected s, found ms"),
        (put("report", "decode", value=None), "prefill, decode: expected them, as text generation has"),
        (put("report", "decode", "latency", value=None), "decode.latency.unit: expected s, found nothing"),
        (put("report", "prefill", "latency", "values", value=[0.1]), "expected as many as of prefill, 1, found 4"),
        (
            put("report", "prefill", "latency", "values", value=[0.1, -1]),
            "values[1]: expected a number above 0, found -1",
        ),
        (
            put("report", "prefill", "latency", "values", value=[]),
            "values: expected a list of numbers above 0, found []",
        ),
        (put("report", "per_token", "latency", "values", value=[0.1] * 15), "found 15"),
        (put("report", "decode", "latency", "values", value=[0.1, 0.1, 0.1, 1e9]), "decode[3]: expected 4 to"),
        (
            put("config", "scenario", "generate_kwargs", "num_beams", value=4),
            "num_beams: expected 1: answers are greedy",
        ),
        (put("config", "scenario", "input_shapes", value={}), "sequence_length: expected a whole number from 1"),
        (put("config", "backend", "model", value=None), "model: expected it, found nothing"),
        (put("config", "backend", value=[]), "backend: expected an object, found []"),
    ],
)
def test_what_is_none_of_an_answer_is_refused(
    spoil: Spoil, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_of(tmp_path / "run", spoil)
    line = refused(capsys, "import", "optimum-benchmark", str(folder), "--out", str(tmp_path / "out"))
    assert line.startswith(f"{folder}/benchmark_report.json: ")
    assert expected in line
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ("import", "optimum-benchmark")
    assert "expected benchmark.json or benchmark_report.json in it" in refused(capsys, *command, str(tmp_path))
    assert "expected a run folder of optimum-benchmark" in refused(capsys, *command, str(tmp_path / "nowhere"))
    shutil.copy(RUN / "benchmark_report.json", tmp_path)
    assert "benchmark_config.json: expected a file of optimum-benchmark, found no such file" in refused(
        capsys, *command, str(tmp_path)
    )
