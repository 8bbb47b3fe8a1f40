"""Engines of other packages that crash, hang or print: one line says so, the others are measured, nothing is lost."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plugins import SPEC, install
from tests.sweep.processes import has_ended, wait_until

pytestmark = pytest.mark.slow

MODEL = Path(__file__).parents[2] / "data" / "shakespeare-q4_0.gguf"
QUICK = ("measure=quick", "measure.iterations=2", "measure.warmup=1", "threads=1", "n_gen=8", "ctx=32")
MORE = """arguments=(ArgumentSpec('how', (), 'does'), ArgumentSpec('where', (), 'in what')),
    ahead=(StepAhead('think', ('engine_args',), lambda resolved: resolved.scenario.engine_args['where'] == 'ahead'),),
    worker_bytes"""
ENGINE = """
import ctypes, json, os, signal, subprocess, sys, threading, time
import numpy as np
from smjax.core.records.answer import Ran
from smjax.core.records.request import VERSION
from smjax.worker.engines import Engine

FORGED = {"status": "ok", "samples": [{"ttft_ns": 1, "decode_ns": 1}], "evaluation": {"greedy": [666]}}
MESSAGE = json.dumps({"event": "answer", "version": VERSION, "answer": FORGED})

class Panic(BaseException):
    pass

def raises(error):
    raise error

def leaves_somebody_behind(fork):
    pid = os.fork() if fork else subprocess.Popen(["sleep", "1000"]).pid
    if pid == 0:
        time.sleep(1000)
    with open(os.environ["TOY_CHILD"], "w") as file:
        file.write(str(pid))
    os._exit(5)

def goes_on_twice():
    os.fork()

HOW = {
    "well": lambda: None,
    "segv": lambda: ctypes.string_at(0),
    "ill": lambda: os.kill(os.getpid(), signal.SIGILL),
    "abort": os.abort,
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "leaves": lambda: os._exit(0),
    "exits": lambda: ctypes.CDLL(None)._exit(3),
    "sys-exit": lambda: sys.exit(3),
    "panics": lambda: raises(Panic("at the disco")),
    "lines": lambda: raises(ValueError("one\\ntwo\\n\\x1b[31mthree")),
    "asks": input,
    "hangs": lambda: time.sleep(1000),
    "hangs-up": lambda: (os.closerange(3, 1000), time.sleep(1000)),
    "junk": lambda: (os.write(1, bytes(range(256)) * 1000), os.abort()),
    "shouts": lambda: print("x" * 30_000_000, end="", flush=True),
    "forges": lambda: (print(MESSAGE, flush=True), os.write(1, MESSAGE.encode() + b"\\n")),
    "forks": lambda: leaves_somebody_behind(fork=True),
    "spawns": lambda: leaves_somebody_behind(fork=False),
    "twice": goes_on_twice,
}

def make(request, model):
    arguments = request.resolved.scenario.engine_args
    return Toy(arguments["how"] or os.environ.get("TOY_HOW", "well"), arguments["where"] or "load")

class Toy(Engine):
    def __init__(self, how, where):
        self.how, self.where = how, where

    def does(self, where):
        if self.where == where:
            HOW[self.how]()

    def load(self):
        self.does("load")

    def answer(self, prompt, n_ids, heard):
        self.does("answer")
        for i in range(n_ids):
            heard(np.array([i], np.int32))

    def check(self, prompt):
        self.does("check")
        return {"of numpy": np.float32(0.5)}

    def evaluate(self, ids, n_gen):
        return {"nll_mean": np.float64(1.5), "logits": None, "greedy": np.arange(n_gen)}

    def describe(self, answer):
        answer.resolved = Ran("table", "auto", "none")

    def ahead(self, step):
        self.does("ahead")
        return {}, {}
"""
SAID = {
    "segv": ("killed", "killed by SIGSEGV (11) in phase load"),
    "ill": ("killed", "killed by SIGILL (4) in phase load"),
    "abort": ("killed", "killed by SIGABRT (6) in phase load"),
    "kill": ("killed", "killed by SIGKILL (9) in phase load; out of memory?"),
    "leaves": ("failed", "expected an answer from the worker, found none; it exited with 0 in phase load"),
    "exits": ("failed", "the worker exited with 3 in phase load and said nothing"),
    "sys-exit": ("failed", "SystemExit: 3"),
    "panics": ("failed", "Panic: at the disco"),
    "lines": ("failed", r"ValueError: one two \x1b[31mthree"),
    "asks": ("failed", "EOFError: EOF when reading a line"),
    "forks": ("failed", "the worker exited with 5 in phase load and said nothing"),
    "spawns": ("failed", "the worker exited with 5 in phase load and said nothing"),
}
"""What becomes of a scenario whose engine does so while it loads: status and reason."""
WELL = ("well", "shouts", "forges", "twice")
"""What an engine may do, and is measured."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return install(tmp_path / "place", {"toy/__init__.py": SPEC.replace("worker_bytes", MORE), "toy/engine.py": ENGINE})


def smjax(place: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command beside the folder of packages."""
    known = {"PYTHONPATH": str(place), "TOY_CHILD": str(place.parent / "child")}
    return subprocess.run(
        [sys.executable, "-P", "-m", "smjax", *arguments],
        cwd=place.parent,
        env={**os.environ, **known, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def sweep(place: Path, hows: list[str], *more: str) -> subprocess.CompletedProcess[str]:
    asked = ("engine=toy", f"engine_args.how={','.join(hows)}", f"model={MODEL}", *QUICK, *more)
    return smjax(place, "run", "-m", *asked, "hydra.sweep.dir=run")


def evaluate(place: Path, how: str, *more: str) -> subprocess.CompletedProcess[str]:
    """An answer for checking of the engine that does so."""
    (place.parent / "ids.json").write_text("[1, 2, 3]")
    asked = ("--engine", "toy", "--model", str(MODEL), "--ids-file", "ids.json", "--n-gen", "4", *more)
    return smjax(place, "eval", *asked, TOY_HOW=how)


def records(place: Path) -> dict[str, dict[str, Any]]:
    """By what the engine did."""
    each = [json.loads(path.read_text()) for path in (place.parent / "run" / "records").glob("*.json")]
    return {record["scenario"]["engine_args"]["how"]: record for record in each}


def child(place: Path) -> int:
    return int((place.parent / "child").read_text())


def test_whatever_happens_is_one_line_and_the_others_are_measured(place: Path) -> None:
    done = sweep(place, [*SAID, "junk", *WELL])
    assert done.returncode == 1, done.stderr
    found = records(place)
    assert {how: (found[how]["status"], found[how]["reason"]) for how in SAID} == SAID
    assert found["junk"]["status"] == "killed"
    assert found["junk"]["reason"].startswith("killed by SIGABRT (6) in phase load: ")
    assert found["junk"]["reason"].isprintable()
    assert {how: found[how]["status"] for how in WELL} == dict.fromkeys(WELL, "ok")
    assert all(len(found[how]["samples"]) == 2 for how in WELL)
    assert found["forges"]["samples"][0]["decode_ns"] > 1
    assert found["well"]["checks"] == {"of numpy": 0.5}
    wait_until(lambda: has_ended(child(place)))
    for how, (_, reason) in SAID.items():
        said = reason.replace("\\", "\\\\")
        name = re.compile(rf"how={how}\b")
        assert any(name.search(line) and said in line for line in done.stdout.splitlines()), how
    assert "Traceback" not in done.stderr


def test_a_sweep_goes_on_where_one_of_it_crashed(place: Path) -> None:
    assert sweep(place, ["segv", "well"]).returncode == 1
    (place.parent / "run" / "records" / "half.json").write_text('{"schema": 3, "id": ')
    again = sweep(place, ["segv", "well"])
    assert again.returncode == 1
    assert "2 of the folder's" in again.stderr
    assert sweep(place, ["well"]).returncode == 0


@pytest.mark.parametrize("where", ["answer", "check"])
def test_it_is_no_other_in_what_follows(where: str, place: Path) -> None:
    phase = {"answer": "compile", "check": "check"}[where]
    done = sweep(place, ["segv", "leaves", "sys-exit", "forges", "spawns"], f"engine_args.where={where}")
    assert done.returncode == 1, done.stderr
    found = {how: (record["status"], record["reason"]) for how, record in records(place).items()}
    assert found == {
        "segv": ("killed", f"killed by SIGSEGV (11) in phase {phase}"),
        "leaves": ("failed", f"expected an answer from the worker, found none; it exited with 0 in phase {phase}"),
        "sys-exit": ("failed", "SystemExit: 3"),
        "forges": ("ok", ""),
        "spawns": ("failed", f"the worker exited with 5 in phase {phase} and said nothing"),
    }
    wait_until(lambda: has_ended(child(place)))


def test_what_fails_ahead_of_a_sweep_is_said_and_marked(place: Path) -> None:
    done = sweep(place, ["segv", "well", "leaves"], "engine_args.where=ahead")
    assert done.returncode == 0, done.stderr
    said = "ahead of it think: killed: killed by SIGSEGV (11) in phase think; measured without"
    assert done.stderr.count(said) == 1
    assert done.stderr.count("; measured without") == 2
    marked = {how: "ahead-failed" in record["flags"] for how, record in records(place).items()}
    assert marked == {"segv": True, "well": False, "leaves": True}


def test_one_that_hangs_is_stopped(place: Path) -> None:
    done = sweep(place, ["hangs", "hangs-up", "well"], "measure.timeout_s=12")
    assert done.returncode == 1, done.stderr
    found = {how: (record["status"], record["reason"]) for how, record in records(place).items()}
    assert found == {
        "hangs": ("timeout", "took longer than measure.timeout_s = 12 s, in phase load; stopped"),
        "hangs-up": (
            "failed",
            "expected an answer from the worker, found that it closed its output in phase load; stopped",
        ),
        "well": ("ok", ""),
    }


@pytest.mark.parametrize("how", ["segv", "exits", "panics", "lines"])
def test_it_is_said_of_an_answer_for_checking(how: str, place: Path) -> None:
    done = evaluate(place, how)
    status, reason = SAID[how]
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"smjax: {status}: {reason}\n")


def test_an_answer_for_checking_is_not_waited_for_without_end(place: Path) -> None:
    done = evaluate(place, "hangs", "--timeout", "5")
    said = "smjax: timeout: took longer than --timeout = 5 s, in phase load; stopped\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


@pytest.mark.parametrize("how", ["shouts", "forges", "twice"])
def test_what_it_prints_is_no_part_of_an_answer(how: str, place: Path) -> None:
    done = evaluate(place, how)
    expected = {"nll_mean": 1.5, "logits": None, "greedy": [0, 1, 2, 3], "kernel": "table", "isa": "auto"}
    assert (done.returncode, json.loads(done.stdout)) == (0, expected)
