"""What is worth a try after a run depends on what it saw."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from smjax.report.data.contents import Contents
from smjax.report.tables import next_steps
from smjax.report.tables.command_line import CommandLine, program
from tests.report.factory import failed, processes, read, record, sample

CORES = {"cpu": {"model": "EPYC", "arch": "x86_64", "usable_cores": 6, "physical_cores": 4, "cgroup_quota_cores": None}}
STEADY = [[rate] * 5 for rate in (1000, 1001, 1002, 999, 998, 1000.5, 1001.5, 999.5)]


def commands(tmp_path, records, *overrides, last=(), is_sweep=False, job="run"):
    line = CommandLine("smjax", job, overrides, is_sweep)
    ended = next_steps.Ended(Contents.of(read(records)), tmp_path / "now", last, line)
    return [step.command.replace(str(tmp_path / "now"), "NOW") for step in next_steps.steps(ended)]


@pytest.fixture(autouse=True)
def empty_dir(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("platformdirs.user_state_path", lambda name: tmp_path / "state")
    monkeypatch.setattr(next_steps, "library", lambda: None)


def test_a_plain_run_on_a_quiet_machine_tries_what_it_left_out(tmp_path, monkeypatch):
    records = processes(STEADY, machine=CORES)
    assert commands(tmp_path, records) == [
        "smjax run -m threads=1,2,4",
        "smjax run model=stories-15m",
        "smjax baseline save now NOW",
    ]
    monkeypatch.setattr(next_steps, "library", lambda: "a library")
    assert commands(tmp_path, records, "model=tinystories-1m", "hydra.run.dir=run")[1:] == [
        "smjax run model=tinystories-1m kernel=all",
        "smjax baseline save now NOW",
    ]


def test_what_disturbed_it_and_what_is_uncertain_come_first(tmp_path):
    rates = [[1000 + 400 * (number % 2)] for number in range(8)]
    records = processes(rates, machine=CORES)
    for one in records[:3]:
        one["flags"] = ["disturbed"]
        one["readings"] = {"disturbed": ["steal 40 %"]}
    asked = ("threads=1", "ctx=256", "measure.replicates=8", "measure=default")
    assert commands(tmp_path, records, *asked, last=[tmp_path / "then"], is_sweep=True) == [
        "smjax doctor",
        "smjax run -m threads=1 ctx=256 measure=thorough",
        f"smjax compare {tmp_path / 'then'} NOW --metric ttft_ms",
    ]


def test_rows_are_counted_with_their_verb(tmp_path):
    records = [one for ctx in (256, 512) for one in processes(STEADY, machine=CORES, ctx=ctx, n_prompt=100)]
    line = CommandLine("smjax", "run", (), True)
    for count, said in ((1, "1 of 2 rows has disturbed processes"), (9, "2 of 2 rows have disturbed processes")):
        for one in records[:count]:
            one["flags"] = ["disturbed"]
            one["readings"] = {"disturbed": ["steal 40 %"]}
        ended = next_steps.Ended(Contents.of(read(records)), tmp_path, (), line)
        assert next(iter(next_steps.quieter(ended))).why.startswith(f"{said}; ")


def test_one_process_has_no_interval(tmp_path):
    records = [record([sample(1000)])]
    assert commands(tmp_path, records, "measure=quick", "label=a b")[0] == "smjax run 'label=a b' measure=default"


def test_a_model_that_lies_here_is_proposed_unless_its_name_says_more_than_can_be_seen(tmp_path, monkeypatch):
    model = SimpleNamespace(config=SimpleNamespace(ctx_train=4096))
    monkeypatch.setattr(next_steps, "open_model", lambda *_: model)
    for name in ("a\x1b]0;owned\x07.gguf", "b\nreboot.gguf", "c\u202efg.gguf", "d,e.gguf"):
        (tmp_path / name).touch()
    assert "smjax run model=stories-15m" in commands(tmp_path, processes(STEADY, machine=CORES))
    (tmp_path / "z (1).gguf").touch()
    assert "smjax run 'model=z (1).gguf'" in commands(tmp_path, processes(STEADY, machine=CORES))


def test_a_limit_of_time_counts_as_cores(tmp_path):
    cpu = CORES["cpu"] | {"cgroup_quota_cores": 1.5}
    assert not any("threads" in one for one in commands(tmp_path, processes(STEADY, machine={"cpu": cpu})))


def test_nothing_is_proposed_after_a_run_in_which_all_failed(tmp_path):
    assert commands(tmp_path, [failed()]) == []


def test_smjax_is_called_as_it_was(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "a venv" / "bin" / "python"))
    monkeypatch.setattr(sys, "argv", ["run.py"])
    assert program() == "'a venv/bin/python' -m smjax"
    monkeypatch.setattr(sys, "argv", [".venv/bin/smjax"])
    assert program() == ".venv/bin/smjax"
    script = tmp_path / "smjax"
    script.touch(mode=0o755)
    monkeypatch.setattr(sys, "argv", [str(script)])
    assert program() == "smjax"
