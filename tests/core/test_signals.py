"""Ctrl-C and SIGTERM at any moment of any command: its exit code, one line, nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from smjax.core import signals
from smjax.core.exit_codes import ExitCode
from tests.report.factory import record, run_folder

SIGNALLED = """
import os, runpy, sys
number, moment, module = int(sys.argv[1]), sys.argv[2], sys.argv[3]

class Signals:
    def find_spec(self, name, path=None, target=None):
        if name == moment:
            os.kill(os.getpid(), number)

sys.meta_path.insert(0, Signals())
sys.argv = [module, *sys.argv[4:]]
runpy.run_module(module, run_name="__main__", alter_sys=True)
print("there was no such moment")
"""
"""Runs a module that gets a signal as soon as it imports another."""
ENDS = {signal.SIGINT: (130, "smjax: interrupted"), signal.SIGTERM: (143, "smjax: terminated")}


def run(folder: Path, number: int, moment: str, *command: str) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-c", SIGNALLED, str(int(number)), moment, *command]
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("number", ENDS)
@pytest.mark.parametrize(
    ("moment", "command"),
    [
        ("smjax.core.output", ("smjax",)),
        ("argparse", ("smjax", "report", "run")),
        ("smjax.sweep.request.keys", ("smjax.run", "threads=1")),
        ("hydra", ("smjax.run", "threads=1")),
        ("omegaconf", ("smjax", "run", "-m", "threads=1,2")),
        ("antlr4", ("smjax.run",)),
        ("polars", ("smjax.run", "threads=1")),
        ("polars", ("smjax", "report", "run")),
        ("numpy", ("smjax", "report", "run", "--audit")),
        ("rich.console", ("smjax", "doctor")),
        ("smjax.sweep.run.evaluate", ("smjax", "eval", "--model", "m", "--ids-file", "i", "--n-gen", "1")),
        ("numpy", ("smjax", "export", "--model", "stories-15m", "f.gguf")),
    ],
)
def test_a_signal_while_modules_are_imported(
    number: signal.Signals, moment: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    run_folder(tmp_path / "run", [record()])
    done = run(tmp_path, number, moment, *command)
    code, line = ENDS[number]
    assert (done.returncode, done.stdout, done.stderr) == (code, "", f"{line}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["records"]


def test_signals_that_are_ignored_stay_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with signals.raised():
            os.kill(os.getpid(), signal.SIGINT)
            with pytest.raises(signals.Terminated):
                os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_who_handled_signals_before_handles_them_again() -> None:
    before = [signal.getsignal(number) for number in ENDS]
    with signals.ended_at_once(), signals.raised():
        assert [signal.getsignal(number) for number in ENDS] != before
    assert [signal.getsignal(number) for number in ENDS] == before


def test_what_a_signal_means() -> None:
    for stop, code, word in (
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "interrupted"),
        (signals.Terminated(), ExitCode.TERMINATED, "terminated"),
    ):
        assert (signals.exit_code(stop), signals.word(stop)) == (code, word)
