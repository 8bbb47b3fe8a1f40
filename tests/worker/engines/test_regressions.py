"""Regressions of another package's engine are found as smjax's own are: here of one that has a clock of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins import SPEC, install

pytestmark = pytest.mark.slow

MODEL = Path(__file__).parents[2] / "data" / "shakespeare-q4_0.gguf"
ENGINE = '''
import random
import numpy as np
from smjax.core.records.answer import Ran
from smjax.worker import surroundings, timing
from smjax.worker.engines import Engine, handicap

class Clock:
    """Stands still while nobody computes, whatever else the machine does."""

    now_ns = 0

    def __call__(self):
        self.now_ns += 100
        return self.now_ns

def make(request, model):
    clock = Clock()
    timing.perf_counter_ns = handicap.perf_counter_ns = clock
    surroundings.Watch.look = lambda self: None  # the cores' own clock is another one
    return Toy(clock, random.Random(request.spawned_ns).uniform(0.998, 1.002))

class Toy(Engine):
    def __init__(self, clock, pace):
        self.clock, self.pace = clock, pace

    def answer(self, prompt, n_ids, heard):
        for i in range(n_ids):
            self.clock.now_ns += int(100_000 * self.pace)
            heard(np.array([i], np.int32))

    def check(self, prompt):
        return {}

    def describe(self, answer):
        answer.resolved = Ran("table", "auto", "none")
'''
RUN = ("run", "-m", "engine=toy", f"model={MODEL}", "threads=1", "n_gen=8", "ctx=32", "measure.replicates=5")
RUN = (*RUN, "measure.budget_s=0", "measure.iterations=3", "measure.warmup=1")


@pytest.fixture(scope="module")
def smjax(tmp_path_factory: pytest.TempPathFactory):
    """A command in a folder with runs: one thing twice, then slowed down, then both within one sweep."""
    folder = tmp_path_factory.mktemp("regressions")
    place = install(folder / "place", {"toy/__init__.py": SPEC, "toy/engine.py": ENGINE})

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "smjax", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(place)}
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    for name, handicap in (("base", "0"), ("again", "0"), ("slow", "0.15"), ("sweep", "0,0.15")):
        done = call(*RUN, f"measure.handicap={handicap}", f"hydra.sweep.dir={name}")
        assert done.returncode == 0, done.stderr
    return call


def test_two_runs_of_one_thing_are_no_regression(smjax) -> None:
    done = smjax("regress", "--baseline", "base", "again")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_handicap_is_one_between_runs(smjax) -> None:
    done = smjax("regress", "--baseline", "base", "slow")
    assert done.returncode == 3, done.stdout + done.stderr


def test_a_handicap_is_one_within_a_sweep(smjax) -> None:
    done = smjax("regress", "sweep", "--axis", "measure.handicap")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "measure.handicap 0.0 → 0.15: certainly worse by more than 3 %." in done.stdout
