"""What can become of a real worker: killed, hung, out of memory, without its file; each a record and exit code 1."""

from __future__ import annotations

import csv
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from smjax.core.records.document import read_record
from smjax.sweep.process.local import LocalLauncher
from smjax.sweep.run import execute as execution
from smjax.sweep.run.outside import Outside
from smjax.sweep.run.prepare import Sweep
from smjax.sweep.run.progress import Progress
from tests.small_llama import write_llama
from tests.sweep.conftest import Handed

pytestmark = pytest.mark.slow

Run = Callable[..., int]
SMALL = ("model=gguf", "model.path=model.gguf", "n_gen=4", "measure=quick", "hydra.run.dir=run")

BEFORE_LOADING = """
from smjax.worker.__main__ import main
from smjax.worker.engines.smjax.engine import SmjaxEngine
load = SmjaxEngine.load
def load_after(self):
    {what}
    load(self)
SmjaxEngine.load = load_after
main()
"""
"""The real worker, to which something happens between its look at the file and its reading of the weights."""


@pytest.fixture(autouse=True)
def model_file(empty_dir: Path) -> Path:
    return write_llama(empty_dir / "model.gguf")


def records() -> dict[int, dict[str, Any]]:
    """By context size."""
    found = [read_record(path) for path in Path("run/records").iterdir()]
    return {record["scenario"]["ctx"]: record for record in found}


def no_worker_is_left() -> bool:
    return psutil.Process().children() == []


def test_a_worker_that_is_killed_while_it_measures_is_recorded_and_the_sweep_goes_on(
    run_job: Run, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    killed: list[int] = []

    def kill_the_first(progress: Progress, name: str) -> None:
        if name == "measure" and not killed:
            (worker,) = psutil.Process().children()
            worker.send_signal(signal.SIGKILL)
            killed.append(worker.pid)

    monkeypatch.setattr(Progress, "phase", kill_the_first)
    assert run_job("-m", *SMALL, "ctx=16,32", "measure.iterations=200") == 1
    by_status = {record["status"]: record for record in records().values()}
    assert set(by_status) == {"killed", "ok"}
    assert by_status["killed"]["reason"] == "killed by SIGKILL (9) in phase measure; out of memory?"
    assert "samples" not in by_status["killed"]
    assert len(by_status["ok"]["samples"]) == 200
    rows = {row["status"]: row for row in csv.DictReader(Path("run/summary.csv").read_text().splitlines())}
    assert rows["killed"]["decode_tok_per_s"] == ""
    assert float(rows["ok"]["decode_tok_per_s"]) > 0
    said = capfd.readouterr()
    assert "killed by SIGKILL (9) in phase measure; out of memory?" in said.out
    assert "Traceback" not in said.out + said.err


def test_a_worker_that_takes_too_long_is_stopped(run_job: Run, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_job(*SMALL, "ctx=16", "measure.iterations=100000000", "measure.timeout_s=1.5") == 1
    (record,) = records().values()
    assert record["status"] == "timeout"
    assert record["reason"].startswith("took longer than measure.timeout_s = 1.5 s, in phase ")
    assert no_worker_is_left()
    assert " | timeout |" in capfd.readouterr().out


def test_a_worker_that_is_stopped_in_its_tracks_is_killed_in_time(run_job: Run, handed: Handed) -> None:
    what = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"
    handed.launcher = LocalLauncher((sys.executable, "-c", BEFORE_LOADING.format(what=what)))
    assert run_job(*SMALL, "ctx=16", "measure.timeout_s=6", "measure.compile_cache=false") == 1
    (record,) = records().values()
    assert record["status"] == "timeout"
    assert no_worker_is_left()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process has mapped")
def test_a_worker_that_runs_out_of_memory_is_recorded(run_job: Run, handed: Handed) -> None:
    limit = "resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + 2**28,) * 2)"
    code = BEFORE_LOADING.format(what=f"import psutil, resource; {limit}")
    handed.launcher = LocalLauncher((sys.executable, "-c", code))
    assert run_job(*SMALL, "ctx=16", "measure.compile_cache=false") == 1
    (record,) = records().values()
    assert record["status"] in ("failed", "killed"), "as MemoryError, or as XLA's abort"
    assert record["reason"] not in ("", "killed by SIGKILL (9) in phase load; out of memory?")
    assert "samples" not in record


def after_the_checks(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen when the request has been accepted and nothing was started."""
    execute = execution.execute

    def execute_after(sweep: Sweep, outside: Outside) -> int:
        happens()
        return execute(sweep, outside)

    monkeypatch.setattr(execution, "execute", execute_after)


def test_a_file_that_is_cut_after_it_was_checked_is_a_failed_record(
    run_job: Run, monkeypatch: pytest.MonkeyPatch, model_file: Path
) -> None:
    after_the_checks(monkeypatch, lambda: os.truncate(model_file, 20_000))
    assert run_job(*SMALL, "ctx=16") == 1
    (record,) = records().values()
    assert record["status"] == "failed"
    assert record["reason"].startswith("model.gguf: ")
    assert " before the end of the file; the file is damaged or cut short, " in record["reason"]


def test_a_file_that_is_gone_after_it_was_checked_is_a_failed_record(
    run_job: Run, monkeypatch: pytest.MonkeyPatch, model_file: Path
) -> None:
    after_the_checks(monkeypatch, model_file.unlink)
    assert run_job(*SMALL, "ctx=16") == 1
    (record,) = records().values()
    assert (record["status"], record["reason"]) == (
        "failed",
        "model.gguf: expected a GGUF file, found no such file; check the path",
    )


def test_a_file_that_is_cut_while_it_is_mapped_is_a_killed_worker(
    run_job: Run, handed: Handed, model_file: Path
) -> None:
    code = BEFORE_LOADING.format(what=f"import os; os.truncate({str(model_file)!r}, 4096)")
    handed.launcher = LocalLauncher((sys.executable, "-c", code))
    assert run_job(*SMALL, "ctx=16", "measure.compile_cache=false") == 1
    (record,) = records().values()
    assert record["status"] == "killed"
    assert record["reason"].startswith(f"killed by SIGBUS ({int(signal.SIGBUS)}) in phase load")


def test_a_file_that_is_replaced_by_another_model_gives_no_figures(
    run_job: Run, fake_worker: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, model_file: Path
) -> None:
    def replace() -> None:
        write_llama(model_file.with_name("other")).replace(model_file)

    fake_worker("ok")
    after_the_checks(monkeypatch, replace)
    assert run_job(*SMALL, "ctx=16") == 1
    (record,) = records().values()
    assert (record["status"], record["reason"]) == (
        "failed",
        "model.gguf: expected the file that was checked, found it changed or replaced since; run again",
    )


def test_a_file_that_is_only_read_is_measured(run_job: Run, fake_worker: Callable[[str], None]) -> None:
    fake_worker("ok")
    assert run_job("-m", *SMALL, "ctx=16,32") == 0
    assert {record["status"] for record in records().values()} == {"ok"}
