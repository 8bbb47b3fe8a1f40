"""However the supervisor ends, no worker stays behind, and what was measured is kept."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from smjax.core.records.document import read_record
from tests.small_llama import write_llama
from tests.sweep.conftest import Handed
from tests.sweep.processes import PATIENCE_S, fake_workers, has_ended, wait_until, worker_pid

pytestmark = pytest.mark.slow

KEPT = "smjax: {}; the records of {} of {} workers are kept in run/records; hydra.run.dir=run goes on from there"


STOPS = [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]


def workers_of(supervisor: psutil.Process) -> list[psutil.Process]:
    found = []
    for child in supervisor.children():
        with contextlib.suppress(psutil.Error):  # a short-lived helper, already gone
            found += [child] if "smjax.worker" in child.cmdline() else []
    return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the fake worker has only the parent-death signal")
def test_a_killed_supervisor_leaves_no_worker(supervisor: Callable[..., subprocess.Popen[str]], tmp_path: Path) -> None:
    process = supervisor("hangs")
    pid_file = tmp_path / "pid"
    assert [worker_pid(pid_file)] == fake_workers(pid_file)
    process.kill()
    wait_until(lambda: not fake_workers(pid_file))


@pytest.mark.slow
def test_a_killed_supervisor_leaves_no_real_worker(tmp_path: Path) -> None:
    overrides = ["ctx=16", "n_gen=4", "measure.iterations=100000000", "hydra.run.dir=run"]
    command = [sys.executable, "-m", "smjax.run", *overrides]
    supervisor = psutil.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: bool(workers_of(supervisor)))
        (worker,) = workers_of(supervisor)
        wait_until(lambda: worker.num_threads() > 1)  # JAX is there
        assert not has_ended(worker.pid)
    finally:
        supervisor.kill()
        supervisor.wait()
    wait_until(lambda: has_ended(worker.pid))


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code", "word"), STOPS)
def test_a_signal_stops_the_worker_and_keeps_the_records(
    number: signal.Signals, code: int, word: str, supervisor: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = supervisor("first-ok", "measure.replicates=3", "measure.budget_s=0")
    records = tmp_path / "run" / "records"
    wait_until(lambda: len(list(records.glob("*.json"))) == 1)
    wait_until(lambda: len((tmp_path / "pid").read_text().split()) == 2)
    pid = worker_pid(tmp_path / "pid")
    process.send_signal(number)
    output, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code
    assert has_ended(pid)
    assert errors.splitlines()[-1] == KEPT.format(word, 1, 3)
    assert [read_record(path)["status"] for path in records.iterdir()] == ["ok"]
    assert (tmp_path / "run" / "summary.csv").exists()
    assert "Traceback" not in output + errors


@pytest.mark.slow
def test_an_interrupt_stops_a_real_worker_and_keeps_the_records(tmp_path: Path) -> None:
    write_llama(tmp_path / "model.gguf")
    overrides = ["model=gguf", "model.path=model.gguf", "ctx=16,32", "n_gen=4", "measure=quick", "hydra.sweep.dir=run"]
    command, pipe = [sys.executable, "-m", "smjax.run", "-m", *overrides], subprocess.PIPE
    with psutil.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True) as supervisor:
        wait_until(lambda: len(list(tmp_path.glob("run/records/*.json"))) == 1)
        seen: list[psutil.Process] = []
        wait_until(lambda: bool(seen.extend(workers_of(supervisor)) or seen))
        supervisor.send_signal(signal.SIGINT)
        output, errors = supervisor.communicate(timeout=PATIENCE_S)
    assert supervisor.returncode == 130
    for worker in seen:  # one that was only just starting sees the end of its input first
        wait_until(partial(has_ended, worker.pid))
    assert errors.splitlines()[-1] == KEPT.format("interrupted", 1, 2)
    (kept,) = (tmp_path / "run" / "records").iterdir()
    record = read_record(kept)
    assert (record["status"], len(record["samples"])) == ("ok", 3)
    assert "| model.gguf |" in output
    assert "model.gguf" in (tmp_path / "run" / "summary.csv").read_text()
    assert "Traceback" not in output + errors


@pytest.mark.parametrize(("number", "code", "word"), STOPS)
def test_a_signal_while_the_summaries_are_written_says_so(
    number: signal.Signals,
    code: int,
    word: str,
    run_job: Callable[..., int],
    fake_worker: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def interrupted(*_: object) -> None:
        os.kill(os.getpid(), number)

    fake_worker("ok")
    monkeypatch.setattr("smjax.report.tables.after_run.finish", interrupted)
    assert run_job("measure=quick", "hydra.run.dir=run") == code
    assert capfd.readouterr().err.splitlines()[2:] == [KEPT.format(word, 1, 1)]


@pytest.mark.parametrize(("number", "code", "word"), STOPS)
@pytest.mark.parametrize("moment", ["composed", "judged", "host"])
def test_a_signal_before_anything_is_measured_leaves_nothing(
    moment: str,
    number: signal.Signals,
    code: int,
    word: str,
    run_job: Callable[..., int],
    handed: Handed,
    monkeypatch: pytest.MonkeyPatch,
    empty_dir: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """By then Hydra has made the run's folder, which has to go again."""

    def stop(*_: object) -> dict[str, Any]:
        assert list(empty_dir.iterdir()) != []
        os.kill(os.getpid(), number)
        return {}

    places = {"composed": "compose._typed", "judged": "folder.RunFolder.check"}
    if moment in places:
        monkeypatch.setattr(f"smjax.sweep.request.{places[moment]}", stop)
    handed.environment = stop
    assert run_job("-m", "threads=1,2") == code
    assert capfd.readouterr() == ("", f"smjax: {word}; nothing was measured\n")
    assert list(empty_dir.iterdir()) == []


@pytest.mark.parametrize(("number", "code", "word"), STOPS)
def test_a_signal_before_the_first_record_leaves_nothing(
    number: signal.Signals, code: int, word: str, supervisor: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = supervisor("hangs")
    pid = worker_pid(tmp_path / "pid")
    process.send_signal(number)
    output, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code
    assert (output, errors.splitlines()[1:]) == ("", [f"smjax: {word}; nothing was measured"])
    assert has_ended(pid)
    assert not (tmp_path / "run").exists()
