"""The main job from overrides to files, with the fake worker for the measured process."""

from __future__ import annotations

import csv
import errno
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import smjax.sweep.run.execute as execute_module
from smjax.core.errors import RequestError
from smjax.core.records.document import read_record
from tests.small_llama import write_llama

Run = Callable[..., int]
Fake = Callable[[str], None]


def records_of(run_dir: Path) -> list[dict[str, Any]]:
    return [read_record(path) for path in sorted((run_dir / "records").iterdir())]


def test_a_sweep_leaves_its_files(
    run_job: Run, fake_worker: Fake, empty_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("ok")
    assert run_job("-m", "threads=1,2", "ctx=256,512", "measure=quick", "hydra.sweep.dir=run") == 0
    records = records_of(empty_dir / "run")
    points = sorted((record["scenario"]["threads"], record["scenario"]["ctx"]) for record in records)
    assert points == [(1, 256), (1, 512), (2, 256), (2, 512)]
    assert {path.name for path in (empty_dir / "run").iterdir()} == {
        "multirun.yaml",
        "records",
        "records.jsonl",
        "report.html",
        "summary.csv",
        "summary.json",
        "summary.md",
    }
    rows = list(csv.DictReader((empty_dir / "run" / "summary.csv").open()))
    assert [float(row["decode_tok_per_s"]) for row in rows] == [1000.0] * 4
    said = capfd.readouterr()
    assert "Files:\n  run/records/\n  run/records.jsonl\n" in said.out
    first, *lines = said.err.splitlines()
    assert first.startswith("smjax: measuring 4 scenarios of tinystories-1m, in 4 processes at least, ")
    assert lines[0].startswith("[1/4] tinystories-1m threads=")
    assert {line.partition("] ")[2].partition(",")[0] for line in lines} == {
        f"tinystories-1m threads={threads} ctx={ctx} n_gen=128: ok" for threads in (1, 2) for ctx in (256, 512)
    }


def test_a_single_run_uses_the_defaults(run_job: Run, fake_worker: Fake, empty_dir: Path) -> None:
    fake_worker("ok")
    assert run_job() == 0
    (run_dir,) = (empty_dir / "outputs").iterdir()
    records = records_of(run_dir)
    assert [record["replicate"] for record in records] == list(range(8))
    assert records[0]["scenario"] == {
        "model": "tinystories-1m",
        "model_path": None,
        "engine": "smjax",
        "kernel": "auto",
        "isa": "auto",
        "threads": 1,
        "ctx": 256,
        "n_prompt": 128,
        "n_gen": 128,
        "tokens_per_dispatch": 1,
        "kv_dtype": "auto",
        "seed": 42,
        "measure": {
            "replicates": 8,
            "iterations": None,
            "sampling_s": 1.0,
            "warmup": 2,
            "timeout_s": 600.0,
            "compile_cache": True,
            "target_ci": 0.02,
            "budget_s": 120.0,
            "strict": False,
            "handicap": 0.0,
        },
        "label": "",
        "python": None,
        "engine_args": {},
    }
    assert sorted(path.name for path in run_dir.iterdir())[0] == "records"


NAMES = {"a b.gguf": "a b.gguf", "a|b.gguf": "a|b.gguf", "a\nb.gguf": r"a\nb.gguf", "[b]模.gguf": "[b]模.gguf"}
if sys.platform == "linux":  # where a file name need not be text
    NAMES["a\udcff.gguf"] = r"a\udcff.gguf"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_file_may_have_any_name(name: str, run_job: Run, fake_worker: Fake, empty_dir: Path) -> None:
    fake_worker("ok")
    write_llama(empty_dir / name)
    assert run_job("model=gguf", f"model.path='{name}'", "ctx=16", "n_gen=4", "hydra.run.dir=run") == 0
    (row,) = csv.DictReader((empty_dir / "run" / "summary.csv").read_text().splitlines())
    assert row["model"] == NAMES[name]


@pytest.mark.slow
def test_a_failed_worker_is_recorded_and_the_sweep_goes_on(
    run_job: Run, fake_worker: Fake, empty_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("by-threads")
    assert run_job("-m", "threads=2,3,1", "measure=quick", "measure.timeout_s=1", "hydra.sweep.dir=run") == 1
    records = {record["scenario"]["threads"]: record for record in records_of(empty_dir / "run")}
    assert {threads: record["status"] for threads, record in records.items()} == {1: "ok", 2: "failed", 3: "timeout"}
    assert records[2]["reason"] == "ValueError: the matrix is not there"
    assert records[2]["model"]["ctx_train"] == 2048
    assert records[2]["model"]["hash"] == records[1]["model"]["hash"]
    assert "ValueError: the matrix is not there" in capfd.readouterr().out


@pytest.mark.slow
def test_duplicate_points_run_once_and_replicates_run_apart(run_job: Run, fake_worker: Fake, empty_dir: Path) -> None:
    fake_worker("ok")
    twice = ("measure.replicates=2", "measure.budget_s=0")
    assert run_job("-m", "threads=1,1", "n_prompt=null,128", *twice, "hydra.sweep.dir=run") == 0
    assert [record["replicate"] for record in records_of(empty_dir / "run")] == [0, 1]


@pytest.mark.slow
def test_points_that_differ_in_how_often_are_one(run_job: Run, fake_worker: Fake, empty_dir: Path) -> None:
    fake_worker("ok")
    assert run_job("-m", "measure.replicates=5,6,1", "measure.timeout_s=9,10", "hydra.sweep.dir=run") == 0
    records = records_of(empty_dir / "run")
    assert [record["replicate"] for record in records] == [0, 1, 2, 3, 4, 5]
    assert len({record["identity"] for record in records}) == 1


def test_more_threads_than_cores_are_flagged(run_job: Run, fake_worker: Fake, empty_dir: Path) -> None:
    fake_worker("ok")
    assert run_job("-m", "threads=1,5000", "measure=quick", "hydra.sweep.dir=run") == 0
    flags = {record["scenario"]["threads"]: record["flags"] for record in records_of(empty_dir / "run")}
    assert flags == {1: [], 5000: ["oversubscribed"]}


def test_a_study_is_a_sweep_without_m(run_job: Run, fake_worker: Fake, empty_dir: Path) -> None:
    fake_worker("ok")
    assert run_job("experiment=smoke", "hydra.run.dir=run") == 0
    records = records_of(empty_dir / "run")
    assert sorted(record["scenario"]["threads"] for record in records) == [1, 2]
    assert {record["scenario"]["n_gen"] for record in records} == {64}
    assert {record["scenario"]["measure"]["iterations"] for record in records} == {3}


@pytest.mark.slow
def test_the_seeds_grid_stands_beside_its_history(
    run_job: Run, fake_worker: Fake, empty_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("ok")
    assert run_job("experiment=seed-2026-02", "hydra.sweep.dir=run") == 0
    scenarios = [record["scenario"] for record in records_of(empty_dir / "run")]
    assert len(scenarios) == 9 * 8
    grid = sorted({(scenario["threads"], scenario["ctx"]) for scenario in scenarios})
    assert grid == [(threads, ctx) for threads in (1, 2, 4) for ctx in (256, 512, 1024)]
    assert {(s["n_gen"], s["measure"]["iterations"], s["measure"]["warmup"]) for s in scenarios} == {(128, None, 2)}
    assert "synthetic" in capfd.readouterr().out


@pytest.mark.slow
def test_a_full_disk_stops_the_sweep_and_keeps_what_is_written(
    run_job: Run,
    fake_worker: Fake,
    empty_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    write_record, written = execute_module.write_record, []

    def fills_up(records_dir: Path, record: dict[str, Any]) -> Path:
        if written:
            raise RequestError(f"{records_dir}/x.json: expected to write, found: {errno.errorcode[errno.ENOSPC]}")
        written.append(write_record(records_dir, record))
        return written[0]

    fake_worker("ok")
    monkeypatch.setattr(execute_module, "write_record", fills_up)
    assert run_job("-m", "threads=1,2,3", "measure=quick", "hydra.sweep.dir=run") == 1
    assert capfd.readouterr().err.splitlines()[-1:] == [
        "smjax: run/records/x.json: expected to write, found: ENOSPC; "
        "stopped, the records of 1 of 3 workers are kept in run/records; hydra.run.dir=run goes on from there"
    ]
    assert json.loads(written[0].read_text())["status"] == "ok"
    assert len(records_of(empty_dir / "run")) == 1


def test_a_label_is_in_the_record_and_changes_nothing_else(run_job: Run, fake_worker: Fake, empty_dir: Path) -> None:
    fake_worker("ok")
    labels = ["after", "before, with [a] b"]
    for label in (*labels, *labels):  # a sweep that goes on has each measured once
        assert run_job("measure=quick", f"label={label}", "hydra.run.dir=run") == 0
    one, other = sorted(records_of(empty_dir / "run"), key=lambda record: record["scenario"]["label"])
    assert [one["scenario"].pop("label"), other["scenario"].pop("label")] == labels
    assert (one["scenario"], one["identity"]) == (other["scenario"], other["identity"])


def test_two_labels_measure_the_same_twice(run_job: Run, fake_worker: Fake, empty_dir: Path) -> None:
    """In the order in which they were asked for, in the same blocks, each with processes of its own to go on from."""
    fake_worker("ok")
    for replicates in (2, 3):
        overrides = ("label=b,a b", f"measure.replicates={replicates}", "measure=quick", "hydra.run.dir=run")
        assert run_job(*overrides, "-m") == 0
        records = records_of(empty_dir / "run")
        labels = ["a b"] * replicates + ["b"] * replicates
        assert sorted(record["scenario"]["label"] for record in records) == labels
    assert len({record["identity"] for record in records}) == 1
    assert {(record["scenario"]["label"], record["order"]["point"]) for record in records} == {("b", 0), ("a b", 1)}
    blocks = [(record["replicate"], record["order"]["block"]) for record in records]
    assert sorted(blocks) == sorted([(0, 0), (1, 1), (2, 2)] * 2), "the sweep goes on"
    assert json.loads((empty_dir / "run" / "summary.json").read_text())["rows"][1]["replicates"] == 3


def test_a_sweep_over_files_and_presets(run_job: Run, fake_worker: Fake, empty_dir: Path) -> None:
    fake_worker("ok")
    for name in ("my, own.gguf", "it's.gguf"):
        write_llama(empty_dir / name)
    write_llama(empty_dir / "it's.gguf", says={"llama.rope.freq_base": None})
    overrides = ("model=stories-15m,my, own.gguf,it's.gguf", "ctx=16", "n_gen=4", "measure=quick", "hydra.run.dir=run")
    assert run_job(*overrides, "-m") == 0
    scenarios = [record["scenario"] for record in records_of(empty_dir / "run")]
    found = sorted(scenario["model_path"] or scenario["model"] for scenario in scenarios)
    assert found == ["it's.gguf", "my, own.gguf", "stories-15m"]
