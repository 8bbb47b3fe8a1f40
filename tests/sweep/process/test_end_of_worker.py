"""Workers that do not end as they should: what they leave behind, what they go on saying, and what is kept of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from smjax.core.records.request import VERSION, Request
from smjax.sweep.process import stderr
from smjax.sweep.process.launcher import Outcome
from smjax.sweep.process.local import LocalLauncher
from tests.sweep.points import chosen
from tests.sweep.processes import has_ended, wait_until
from tests.worker.models import scenario

START = f"""
import json, os, subprocess, sys, time
def send(**event):
    os.write(1, json.dumps({{"version": {VERSION}, **event}}).encode() + b"\\n")
def left(pid):
    open(sys.argv[1], "w").write(str(pid))
send(event="phase", phase="load")
"""


def run(code: str, *arguments: str, timeout_s: float = 30) -> Outcome:
    launcher = LocalLauncher((sys.executable, "-S", "-c", START + code, *arguments))
    return launcher.run(Request("measure", chosen(scenario())), timeout_s)


CHILDREN = {
    "that holds its output": "left(subprocess.Popen(['sleep', '1000']).pid)",
    "that is a copy of it": "pid = os.fork()\nif pid == 0: time.sleep(1000)\nleft(pid)",
}


@pytest.mark.parametrize("end", ["os._exit(5)", "send(event='answer', answer={'status': 'ok'})"])
@pytest.mark.parametrize("child", CHILDREN)
def test_a_worker_is_over_when_it_has_ended_and_so_is_its_child(child: str, end: str, tmp_path: Path) -> None:
    outcome = run(f"{CHILDREN[child]}\n{end}", str(tmp_path / "pid"))
    expected = {"o": ("failed", "the worker exited with 5 in phase load"), "s": ("ok", "")}[end[0]]
    assert outcome.status == expected[0]
    assert outcome.reason.startswith(expected[1])
    assert outcome.wall_ns < 25e9
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: has_ended(pid))


def test_what_follows_an_answer_is_none() -> None:
    first, second = ({"status": "ok"}, {"status": "failed", "reason": "no"})
    outcome = run(f"send(event='answer', answer={first}); send(event='answer', answer={second})")
    assert (outcome.status, outcome.reason) == ("ok", "")


@pytest.mark.parametrize("line", ["b'x' * 1000 + b'\\n'", "b'x' * 100_000"])
def test_one_that_says_something_else_without_end_is_stopped(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smjax.sweep.process.conversation._LINE_BYTES_MAX", 1 << 20)
    outcome = run(f"while True: os.write(1, {line})")
    said = "expected an answer from the worker, found megabytes of something else"
    assert (outcome.status, outcome.reason) == ("refused", said)


def test_what_a_worker_says_on_stderr_does_not_fill_a_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def look(file: stderr.IO[bytes]) -> None:
        before = os.fstat(file.fileno()).st_size
        trim(file)
        sizes.append((before, os.fstat(file.fileno()).st_size))

    trim = stderr.trim
    monkeypatch.setattr("smjax.sweep.process.local.trim", look)
    monkeypatch.setattr("smjax.sweep.process.stderr._BYTES_MAX", 1 << 20)
    monkeypatch.setattr("smjax.sweep.process.conversation._LONGEST_SLEEP_S", 0.05)
    code = "for i in range(40): os.write(2, b'noise\\n' * 20_000); time.sleep(0.02)"
    outcome = run(f"{code}\nos.write(2, b'10%\\r20%\\rthe last word\\r\\n'); os._exit(3)")
    assert outcome.reason == "the worker exited with 3 in phase load: the last word"
    assert max(after for _, after in sizes) < 40 * 120_000 / 2
    assert any(before > 1 << 20 > after for before, after in sizes)


def test_of_a_line_without_end_the_end_is_said() -> None:
    outcome = run("os.write(2, b'\\xff\\x00\\x1b' * 1_000_000); os._exit(3)")
    assert outcome.reason.startswith("the worker exited with 3 in phase load: ")
    assert outcome.reason.isprintable()
    assert len(outcome.reason) < 3000
