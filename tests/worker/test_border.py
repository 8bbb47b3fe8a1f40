"""The worker's end of the process border: what it does not understand it refuses, in one line."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from typing import Any

import pytest

from smjax import __version__
from smjax.core.engines import ENGINES
from smjax.core.records.request import VERSION, Greeting, Request
from smjax.core.records.typed import encode
from tests.sweep.points import chosen
from tests.worker.models import scenario

HEALTHY: dict[str, Any] = encode(Request("measure", chosen(scenario())))


def ask(request: Any) -> list[dict[str, Any]]:
    """All that a worker says to a request."""
    worker = subprocess.Popen(
        [sys.executable, "-P", "-m", "smjax.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    with worker:
        worker.stdin.write(json.dumps(request) + "\n")
        worker.stdin.flush()
        return [json.loads(line) for line in worker.stdout if line.strip()]


@pytest.mark.parametrize("version", [VERSION + 1, VERSION - 1, "1", None])
def test_a_request_of_another_version_is_refused(version: object) -> None:
    (message,) = ask({**HEALTHY, "version": version, "task": "of the future"})
    assert (message["event"], message["version"]) == ("answer", VERSION)
    assert message["answer"]["status"] == "refused"
    expected = f"expected a request of version {VERSION}, found {version}; install one smjax for both sides"
    assert message["answer"]["reason"] == expected


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (
            {**HEALTHY, "task": "dance"},
            "request.task: expected one of measure, evaluate, ahead, dram, micro, profile, count, found 'dance'",
        ),
        ({**HEALTHY, "cpus": ["0"]}, "request.cpus[0]: expected a whole number, found '0'"),
        ({"version": VERSION, "task": "measure"}, "request.resolved: expected it, found nothing"),
        ([1, 2], "request: expected an object, found [1, 2]"),
        ({"version": VERSION, "task": "hello"}, "greeting.engines: expected it, found nothing"),
    ],
)
def test_a_request_that_is_wrong_is_refused_by_its_field(request_: Any, reason: str) -> None:
    (message,) = ask(request_)
    assert (message["answer"]["status"], message["answer"]["reason"]) == ("refused", reason)


@pytest.mark.slow
@pytest.mark.parametrize("version", [VERSION, VERSION + 1, None])
def test_a_greeting_is_understood_by_every_version(version: object) -> None:
    """So that whoever does not go together with it can say with which smjax."""
    (message,) = ask({**encode(Greeting(["smjax", "of the future"])), "version": version, "mood": "splendid"})
    assert (message["version"], message["answer"]["status"], message["answer"]["reason"]) == (VERSION, "ok", "")
    said = message["answer"]["hello"]
    assert (said["smjax"], said["python"]) == (__version__, platform.python_version())
    assert said["known"] == list(ENGINES)
    assert set(said["engines"]["smjax"]["kernels"]) == {"native", "xla"}
