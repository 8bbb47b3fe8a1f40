from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from smjax.core.engines import inherited
from smjax.core.machine.host import pick_cpus
from smjax.core.records.columns import STATUSES
from smjax.core.records.request import Request
from smjax.sweep.process.launcher import Outcome
from smjax.sweep.process.local import LocalLauncher, worker_command
from tests.sweep.points import chosen
from tests.sweep.processes import FAKE
from tests.worker.models import scenario

REQUEST = Request("measure", chosen(scenario(n_gen=8)))
NO_ANSWER = "expected an answer from the worker"


def run_fake(how: str, *, timeout_s: float = 30, request: Request = REQUEST, **more: Any) -> Outcome:
    return LocalLauncher((sys.executable, str(FAKE), how)).run(request, timeout_s, **more)


def test_a_result_arrives_with_its_phases() -> None:
    phases: list[str] = []
    outcome = run_fake("ok", on_phase=phases.append)
    assert (outcome.status, outcome.reason) == ("ok", "")
    assert phases == ["load"]
    assert outcome.answer.samples[0].ttft_ns == 2_000_000
    assert outcome.wall_ns > 0


def test_the_request_crosses_the_border_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_something")
    ids = list(range(100_000))  # more than a pipe holds
    seen = run_fake("echo", request=Request("evaluate", REQUEST.resolved, ids=ids)).answer.evaluation
    request = seen["request"]
    assert request["ids"] == ids
    assert request["task"] == "evaluate"
    assert request["cpus"] == pick_cpus(1)
    assert request["spawned_ns"] > 0
    assert "XLA_FLAGS" not in seen["environment"]
    assert seen["environment"]["PJRT_NPROC"] == "1"
    assert seen["session"] != os.getsid(0), "Ctrl-C must not reach the worker by itself"


def test_a_long_line_is_read_whole() -> None:
    assert run_fake("large").answer.evaluation["numbers"][-1] == 999_999


@pytest.mark.parametrize(
    ("how", "status", "reason"),
    [
        ("failed", "failed", "two lines"),
        ("unknown-status", "failed", f"expected a status of {', '.join(STATUSES)} from the worker, found 'splendid'"),
        ("garbage", "failed", f"{NO_ANSWER}, found '\"half a line'; it exited with 0 in phase load"),
        ("another-version", "refused", "expected an answer of version 4, found 99; install one smjax for both sides"),
        ("wrong-type", "refused", "answer.samples[0].ttft_ns: expected a whole number, found 'soon'"),
        ("no-result", "failed", f"{NO_ANSWER}, found none; it exited with 0 in phase load"),
        ("raises", "failed", "ValueError: the matrix is not there"),
        ("loud", "failed", "the worker exited with 3 in phase load: the last word"),
        ("SIGKILL", "killed", "killed by SIGKILL (9) in phase load; out of memory?"),
        ("gives-up", "killed", "killed by SIGABRT (6) in phase load: F1 env.cc:93] Check failed: no thread"),
        ("SIGTERM", "killed", "killed by SIGTERM (15) in phase load"),
    ],
)  # fmt: skip
def test_what_goes_wrong_in_a_worker_becomes_an_outcome(how: str, status: str, reason: str) -> None:
    outcome = run_fake(how)
    assert (outcome.status, outcome.reason) == (status, reason)


@pytest.mark.parametrize(("how", "phase"), [("hangs", "load"), ("deaf", "start")])
def test_a_worker_that_hangs_is_stopped(how: str, phase: str, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    command = (sys.executable, str(FAKE), how, str(pid_file))
    request = Request("evaluate", REQUEST.resolved, ids=[0] * 100_000)
    outcome = LocalLauncher(command).run(request, 1.5)
    assert outcome.status == "timeout"
    assert outcome.reason == f"took longer than measure.timeout_s = 1.5 s, in phase {phase}; stopped"
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_a_worker_that_has_answered_but_does_not_end_is_stopped_and_its_answer_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("smjax.sweep.process.conversation._GRACE_S", 0.1)
    assert run_fake("lingers").status == "ok"


def test_a_worker_that_cannot_be_started_is_an_outcome() -> None:
    outcome = LocalLauncher(("/nonexistent/python",)).run(REQUEST, 1)
    assert (outcome.status, outcome.reason) == ("failed", "the worker did not start: No such file or directory")


def test_a_worker_without_room_for_its_stderr_is_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    outcome = run_fake("ok")
    assert outcome == Outcome("failed", "the worker did not start: No usable temporary directory found in ['/tmp']", 0)


def test_a_workers_environment_has_no_inherited_settings() -> None:
    variables = {
        "HOME": "/home/user",
        "PATH": "/bin",
        "XLA_FLAGS": "x",
        "JAX_ENABLE_X64": "1",
        "JAX_PLATFORMS": "tpu",
        "OMP_NUM_THREADS": "9",
        "KMP_AFFINITY": "x",
        "PJRT_NPROC": "9",
        "NPROC": "9",
        "GGML_NUMA": "1",
        "LLAMA_CPP_LIB_PATH": "/elsewhere",
        "OPENVINO_LOG_LEVEL": "3",
        "GGUF_READER": "FRONTEND",
        "DNNL_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_NUM_THREADS": "9",
    }
    assert inherited(variables) == {"HOME": "/home/user", "PATH": "/bin"}


def test_a_worker_has_the_interpreter_that_is_asked_for(tmp_path: Path) -> None:
    """Here one that says what it was started with, and answers nothing."""
    python = tmp_path / "another python"
    python.write_text('#!/bin/sh\necho "$0 $*" >&2; exit 7\n')
    python.chmod(0o755)
    outcome = LocalLauncher().run(Request("measure", chosen(scenario(python=str(python)))), 30)
    assert (outcome.status, outcome.reason) == ("failed", f"{python} -P -m smjax.worker")


def test_by_default_it_is_ours() -> None:
    assert worker_command()[0] == sys.executable
