"""A wrong request: one line on stderr, exit code 2, nothing measured, nothing left behind."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from smjax.core.engines import ENGINES

REFUSED = {
    "threads=abc": "threads: expected a whole number, found abc",
    "threads=1.5": "threads: expected a whole number, found 1.5",
    "nokey=3": "nokey=3: expected KEY=VALUE with a known key, found nokey; smjax run --help lists them",
    "measure.nokey=3": "measure.nokey=3: expected KEY=VALUE with a known key, found measure.nokey; smjax run --help",
    "threads=1,2": "Ambiguous value for argument 'threads=1,2'; add -m to sweep over the values",
    "threads=[1": "threads: expected a whole number, found [1; write threads=1",
    "model=nope": "model: expected one of gguf, stories-110m, stories-15m, tinyllama-1.1b, tinystories-1m, or a GGUF f",
    "experiment=nope": "experiment: expected one of engines, kernels, seed-2026-02, smoke, null, found nope",
    "model=gguf": "model: expected a GGUF file, found none; write model=FILE.gguf",
    "model=gguf model.path=''": "model.path: expected a value, found nothing; leave it out for its default",
    "model=gguf model.path=nope.gguf": "nope.gguf: expected a GGUF file, found no such file; check the path",
    "model.path=x.gguf": "model.path: expected none with the preset tinystories-1m, found x.gguf; write model=x.gguf",
    "model.name=nope": "model.name=nope: expected model=NAME, found the name inside; write model=nope",
    "threads=0": "threads: expected at least 1, found 0",
    "n_prompt=200 n_gen=100": "ctx: expected at least n_prompt + n_gen = 200 + 100 = 300, found 256",
    "n_gen=300": "n_prompt: expected at least 1, found -44; leave n_prompt unset for ctx - n_gen, or raise ctx",
    "ctx=2049": "ctx: tinystories-1m was trained on 2048 tokens, found 2049; use ctx<=2048",
    "tokens_per_dispatch=129": "tokens_per_dispatch: expected at most n_gen = 128, found 129",
    "engine=nope": f"engine: expected one of {', '.join(ENGINES)}, found nope",
    "isa=nope": "isa: expected one that this CPU runs, auto,",
    "seed=-1": "seed: expected at least 0, found -1",
    "measure.iterations=0": "measure.iterations: expected at least 1, found 0",
    "measure.timeout_s=nan": "measure.timeout_s: expected a number, found nan",
    "report.baseline=engin=smjax": "baseline 'engin=smjax': expected a column that tells rows apart, found engin; did",
    "report.history=nope": "nope: expected a history: a file or one of smallmind-2026-02",
    "-m threads=1,2,0": "threads: expected at least 1, found 0",
    "-m threads=1,abc": "threads: expected a whole number, found abc",
    "-m report.history=null,smallmind-2026-02": "null,smallmind-2026-02: expected a history: a file or one of",
    "-m ctx=256,512 hydra.sweep.dir=deep/er threads=0": "threads: expected at least 1, found 0",
    "-m measure.budget_s=1,2": "budget_s: expected one for the whole sweep, found several",
    "-m lock=wait,refuse": "lock: expected one for the whole sweep, found several",
    "lock=steal": "lock: expected wait or refuse, found steal",
    "measure.target_ci=0": "measure.target_ci: expected more than 0, found 0.0",
    "measure.budget_s=-1": "measure.budget_s: expected at least 0, found -1.0",
    "measure.budget_s=inf": "measure.budget_s: expected a number, found inf",
    "measure.handicap=-0.1": "measure.handicap: expected at least 0, found -0.1",
    "measure.strict=true threads=5000": "threads: expected at most as many as cores with measure.strict",
    "experiment=smoke kernel=nope": "kernel: expected one of auto, xla, native, found nope",
}


@pytest.mark.parametrize("overrides", REFUSED)
def test_a_wrong_request_is_refused_in_one_line(
    overrides: str, run_job: Callable[..., int], empty_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_job(*overrides.split()) == 2
    said = capfd.readouterr()
    assert said.err.startswith(f"smjax: {REFUSED[overrides]}")
    assert said.err.count("\n") == 1
    assert said.err.endswith("\n")
    assert said.out == ""
    assert list(empty_dir.iterdir()) == []


def test_a_folder_in_the_way_is_refused(
    run_job: Callable[..., int], empty_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (empty_dir / "file").write_text("mine")
    assert run_job("hydra.run.dir=file/run") == 2
    assert capfd.readouterr().err.startswith(
        "smjax: file/run: expected a run folder that can be made, found: Not a dir"
    )
    assert (empty_dir / "file").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_an_unwritable_folder_is_refused(run_job: Callable[..., int], empty_dir: Path) -> None:
    (empty_dir / "locked").mkdir(mode=0o500)
    assert run_job("hydra.run.dir=locked") == 2
    assert list((empty_dir / "locked").iterdir()) == []


def test_an_unwritable_records_folder_is_refused(
    run_job: Callable[..., int], empty_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (empty_dir / "run").mkdir()
    (empty_dir / "run" / "records").write_text("in the way")
    assert run_job("hydra.run.dir=run") == 2
    said = capfd.readouterr().err
    assert said.startswith("smjax: run/records/.probe: expected to write")
    assert said.count("\n") == 1
    assert [path.name for path in (empty_dir / "run").iterdir()] == ["records"]


@pytest.mark.parametrize("flags", [["--help"], ["--cfg", "job"], ["experiment=smoke", "--cfg", "job"]])
def test_information_is_still_given(
    flags: list[str], run_job: Callable[..., int], empty_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run_job(*flags) == 0
    assert "tinystories-1m" in capfd.readouterr().out
    assert list(empty_dir.iterdir()) == []
