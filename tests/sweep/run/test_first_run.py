"""A run says what it is about to do, and all that it proposes at its end works in the folder that it was started in."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import smjax.run
from smjax.__main__ import main
from smjax.core.exit_codes import ExitCode
from smjax.report.data.contents import Contents
from smjax.report.tables import next_steps
from smjax.report.tables.command_line import CommandLine
from smjax.sweep.request.compose import Asked
from smjax.sweep.request.config import ReportConfig
from smjax.sweep.run import execute as execution
from tests.report.factory import processes, read, run_folder
from tests.small_llama import CONFIG, write_llama
from tests.sweep.conftest import Handed

Run = Callable[..., int]
Fake = Callable[[str], None]
CORES = {"cpu": {"model": "EPYC", "arch": "x86_64", "usable_cores": 2, "physical_cores": 2}}
UNSURE = [[1000 + 400 * (number % 2)] for number in range(8)]
ASKED = {
    "a sweep": ["-m", "threads=1,4", "hydra.sweep.dir=then"],
    "single values": ["measure=quick", "measure.iterations=2", "label=it's a [b],c"],
}


@pytest.mark.slow
@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_every_proposal_is_a_command_that_is_taken(
    asked: Sequence[str], handed: Handed, fake_worker: Fake, empty_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that a rule can say, not only the first three; runs are judged and planned, and not begun."""
    fake_worker("ok")
    monkeypatch.setattr("platformdirs.user_state_path", lambda name: empty_dir / "state")
    monkeypatch.setattr(execution, "execute", lambda sweep, outside: ExitCode.OK)
    monkeypatch.setattr("smjax.doctor.render.doctor", lambda as_json, strict: None)
    monkeypatch.setattr(next_steps, "library", lambda: "a library")
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    write_llama(empty_dir / "own.gguf", config=replace(CONFIG, ctx_train=2048))
    records = processes(UNSURE, machine=CORES)
    for one in records:
        one["flags"] = ["disturbed"]
        one["readings"] = {"disturbed": ["steal 40 %"]}
    last = run_folder(empty_dir / "before", processes(UNSURE, machine=CORES, date="2026-02-01T10:00:00+00:00"))
    line = CommandLine("smjax", "run", tuple(one for one in asked if one != "-m"), "-m" in asked)
    ended = next_steps.Ended(Contents.of(read(records)), run_folder(Path("now"), records), [last], line)
    found = [step.command for rule in next_steps.RULES for step in rule(ended)]
    assert len(found) >= len(next_steps.RULES) - 2
    for command in found:
        name, *words = shlex.split(command)[1:]
        handing = {"outside": handed.outside()} if name == "run" else {}
        assert main([name, *words], **handing) == ExitCode.OK, command


def test_it_says_what_it_is_about_to_do(
    run_job: Run, fake_worker: Fake, empty_dir: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_worker("ok")
    assert run_job("measure=quick") == 0
    first = capfd.readouterr().err.splitlines()[0]
    told = (
        r"smjax: measuring tinystories-1m threads=1 ctx=256 n_gen=128, in 1 process at least, each from its start: "
        r"about 2 s or more; files go to outputs/\S+"
    )
    assert re.fullmatch(told, first)


def test_a_person_is_told_what_to_try_next_and_a_log_is_not(empty_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = smjax.run.real_outside(Asked(["measure=quick", "hydra.run.dir=run"])).report
    folder = run_folder(Path("run"), processes([[1000]]))
    assert report(folder, ReportConfig()).next_steps == ()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    why, command, *_ = report(folder, ReportConfig()).next_steps
    assert why == "  one process has no interval:"
    assert command.endswith("smjax run measure=default")
