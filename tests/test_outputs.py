"""Every command with a stdout or a stderr that fails it: no traceback, what can be kept is kept, codes are honest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.report.factory import record, run_folder
from tests.small_llama import write_llama
from tests.sweep.conftest import DRIVER, environment_once

pytestmark = pytest.mark.slow

SMJAX = [sys.executable, "-m", "smjax"]
FULL = "smjax: stdout: expected to print, found: No space left on device; what was to be said is incomplete\n"
CLOSED = FULL.replace("No space left on device", "it is closed")
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

COMMANDS: dict[str, list[str]] = {
    "--version": [*SMJAX, "--version"],
    "--help": [*SMJAX, "--help"],
    "a command's help": [*SMJAX, "report", "--help"],
    "report": [*SMJAX, "report", "measured"],
    "export": [*SMJAX, "export", "--model", "stories-15m", "out.gguf"],
    "eval": [*SMJAX, "eval", "--model", "small.gguf", "--ids-file", "ids.json", "--n-gen", "2"],
    "doctor": [*SMJAX, "doctor"],
    "run": [sys.executable, str(DRIVER), "ok", "pid", "-m", "threads=1,2", "measure=quick", "hydra.run.dir=run"],
}
REFUSED = {
    "no such folder": [*SMJAX, "report", "nowhere"],
    "no such override": [sys.executable, "-m", "smjax.run", "nope=1"],
}
CHEAP = ["--version", "--help", "a command's help", "report", "run"]

Said = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def said(tmp_path: Path) -> Said:
    """What a command says in a folder with a run and a model, as `"$@"` in a line of shell."""
    run_folder(tmp_path / "measured", [record(), record(threads=2)])
    write_llama(tmp_path / "small.gguf")
    (tmp_path / "ids.json").write_text("[1, 2, 3]")

    def run(name: str, shell: str = '"$@"', **variables: str) -> subprocess.CompletedProcess[str]:
        arguments = ["bash", "-c", f"set -o pipefail; {shell}", "bash", *(COMMANDS | REFUSED)[name]]
        known = {"KNOWN_ENVIRONMENT": json.dumps(environment_once()), "SMJAX_CACHE_DIR": str(tmp_path / "cache")}
        done = subprocess.run(
            arguments,
            cwd=tmp_path,
            env={**os.environ, **known, **variables},
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=120,
        )
        assert "Traceback" not in done.stderr + done.stdout
        assert "Exception ignored" not in done.stderr
        return done

    return run


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_full_disk_loses_is_a_failure(name: str, said: Said, tmp_path: Path) -> None:
    done = said(name, '"$@" >/dev/full')
    assert done.returncode == 1
    assert done.stderr.endswith(FULL)
    assert kept(name, tmp_path)


@pytest.mark.parametrize("name", CHEAP)
def test_what_a_closed_stdout_loses_is_a_failure(name: str, said: Said, tmp_path: Path) -> None:
    done = said(name, '"$@" >&-')
    assert done.returncode == 1
    assert done.stderr.endswith(CLOSED)
    assert kept(name, tmp_path)


def kept(name: str, folder: Path) -> bool:
    """What a command writes is there although it could not say so."""
    files = {"run": "run/summary.csv", "export": "out.gguf", "report": "measured/summary.csv"}
    assert name != "run" or len(list((folder / "run" / "records").glob("*.json"))) == 2
    return (folder / files.get(name, ".")).exists()


@pytest.mark.parametrize("shell", ['"$@" 2>/dev/full', '"$@" <&- 2>&-'])
@pytest.mark.parametrize("name", ["--version", "report", "run"])
def test_what_stderr_loses_changes_nothing(name: str, shell: str, said: Said, tmp_path: Path) -> None:
    done = said(name, shell)
    assert done.returncode == 0
    assert done.stdout
    assert done.stderr == ""
    assert kept(name, tmp_path)


@pytest.mark.parametrize(
    ("name", "shell"),
    [(name, '"$@" | head -n 1') for name in [*CHEAP, "doctor"]]
    + [(name, '"$@" 2>&1 | true') for name in ("--help", "report", "run")],
)
def test_a_reader_that_goes_early_is_no_failure(name: str, shell: str, said: Said, tmp_path: Path) -> None:
    done = said(name, shell)
    assert done.returncode == 0
    assert kept(name, tmp_path)


@pytest.mark.parametrize(
    ("name", "variables"),
    [(name, {"PYTHONIOENCODING": "ascii"}) for name in COMMANDS]
    + [(name, variables) for name in ("report", "run") for variables in (C_LOCALE, {"LANG": "C", "PYTHONUTF8": "0"})],
)
def test_a_poor_encoding_costs_nothing(name: str, variables: dict[str, str], said: Said, tmp_path: Path) -> None:
    """Nor is anything else wrong with the commands, or else the failures above could be other ones."""
    done = said(name, **variables)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    assert done.stdout.isascii() or "LANG" in variables
    assert kept(name, tmp_path)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("shell", ['"$@" >/dev/full', '"$@" 2>/dev/full', '"$@" >&-', '"$@" 2>&-', '"$@" 2>&1 | true'])
def test_a_refusal_stays_one(name: str, shell: str, said: Said) -> None:
    done = said(name, shell)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == (0 if "2>" in shell else 1)


def test_tables_in_ascii_say_the_same(said: Said) -> None:
    plain, rich = said("report", PYTHONIOENCODING="ascii").stdout, said("report", PYTHONIOENCODING="utf-8").stdout
    assert "1 process x 1 sample" in plain
    assert plain == rich.replace("\N{MULTIPLICATION SIGN}", "x").replace("\N{EN DASH}", "-").replace("·", "-")
