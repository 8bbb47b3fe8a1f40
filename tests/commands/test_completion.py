"""What Tab offers: asked as argcomplete's script asks, and by the kinds of values."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smjax.__main__ import main
from smjax.commands import COMMANDS
from smjax.commands._command import command
from smjax.commands._completion import SHELLS
from smjax.commands._values import FREE, KINDS, Values
from smjax.core.models.presets import PRESETS
from smjax.core.records.columns import COLUMN_NAMES, METRICS
from tests.report.factory import record, run_folder
from tests.test_main import HEAVY

SMJAX = Path(sys.prefix) / "bin" / "smjax"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with two runs, one below another folder, and files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("smjax.core.records.baselines.saved", lambda: ["ref"])
    run_folder(tmp_path / "run one", [record()])
    run_folder(tmp_path / "outputs" / "today", [record()])
    for name in ("A.gguf", "ids.json", ".hidden", "r\nx"):
        (tmp_path / name).touch()
    return tmp_path


def offered(line: str, tmp_path: Path, *options: str) -> tuple[list[str], str]:
    """What smjax tells a shell about a line, and what it says besides."""
    told = tmp_path / ".told"
    asking = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(told),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    process = [sys.executable, *options, "-m", "smjax"]
    done = subprocess.run(process, env=os.environ | asking, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    return told.read_text().splitlines(), done.stderr


def words(name: str, prefix: str, **of_action: str) -> list[str]:
    """What is offered for the argument of a command with this metavar."""
    parser = command(name).parser
    (action, *_) = (
        one for one in parser._actions if all(getattr(one, key) == value for key, value in of_action.items())
    )
    given = argparse.Namespace(config_dir=None)
    found = Values()(prefix=prefix, action=action, parser=parser, parsed_args=given)
    return [word for word in found if word.startswith(prefix)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("smjax re", {"report", "regress"}),
        ("smjax run -m ctx=64 engine=smjax,l", {"engine=smjax,llama_cpp"}),
        ("smjax regress --baseline x --str", {"--strict"}),
        ("smjax report --out o ru", {"run\\ one"}),
    ],
)
def test_a_shell_is_told_what_a_line_may_go_on_with(line: str, expected: set[str], tmp_path: Path) -> None:
    found, said = offered(line, tmp_path, "-X", "importtime")
    assert set(found) == expected
    imported = {row.rpartition("|")[2].strip().partition(".")[0] for row in said.splitlines() if "|" in row}
    assert imported & HEAVY == set()


@pytest.mark.skipif(not shutil.which("bash") or not SMJAX.exists(), reason="needs bash, and smjax installed")
def test_bash_asks_with_the_script_that_smjax_prints(tmp_path: Path) -> None:
    code = """
    eval "$(smjax --completion bash)"
    COMP_LINE="$1" COMP_POINT=${#1} COMP_TYPE=9
    $(complete -p smjax | sed 's/.* -F \\([^ ]*\\) .*/\\1/') smjax
    printf '%s' "${COMPREPLY[@]}"
    """
    path = f"{SMJAX.parent}{os.pathsep}{os.environ['PATH']}"
    shell = ["bash", "--norc", "-c", code, "bash", "smjax run tokens_p"]
    done = subprocess.run(shell, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False)
    assert done.stdout == "tokens_per_dispatch="


@pytest.mark.parametrize(
    ("name", "metavar", "prefix", "expected"),
    [
        ("run", "KEY=VALUE", "thr", ["threads="]),
        ("run", "KEY=VALUE", "measure=", ["measure=default", "measure=quick", "measure=thorough"]),
        ("run", "KEY=VALUE", "model=A", ["model=A.gguf"]),
        ("run", "KEY=VALUE", "model=A.gguf,st", ["model=A.gguf,stories-15m", "model=A.gguf,stories-110m"]),
        ("run", "KEY=VALUE", "hydra.run.dir=outputs/", ["hydra.run.dir=outputs/today"]),
        ("run", "KEY=VALUE", "measure.strict=", ["measure.strict=true", "measure.strict=false"]),
        ("run", "KEY=VALUE", "engine_args.mmap=t", ["engine_args.mmap=true"]),
        ("run", "KEY=VALUE", "nokey=", []),
        ("micro", "KEY=VALUE", "op=q4_0_matv", ["op=q4_0_matvec"]),
        ("report", "DIR", "", ["outputs/", "run one"]),
        ("report", "DIR", "outputs/t", ["outputs/today"]),
        ("report", "DIR", "nowhere/", []),
        ("report", "DIR", "\0", []),
        ("report", "HISTORY", "small", ["smallmind-2026-02"]),
        ("compare", "RUN", "", ["ref", "outputs/", "run one"]),
        ("compare", "RUN", "ref,out", ["ref,outputs/"]),
        ("compare", "METRIC", "", list(METRICS)),
        ("compare", "AXIS", "kv", ["kv_dtype"]),
        ("eval", "MODEL", "", [*PRESETS, "A.gguf", "outputs/", "run one/"]),
        ("eval", "IDS.json", "i", ["ids.json"]),
        ("eval", "ENGINE", "openvino,o", ["openvino,openai"]),
        ("eval", "engine_args.NAME=VALUE", "engine_args.attention=p", ["engine_args.attention=pa"]),
        ("import", "TOOL", "py", ["pyperf"]),
        ("import", "FILE", ".h", [".hidden"]),
    ],
)  # fmt: skip
def test_values_are_offered_by_what_they_are(name: str, metavar: str, prefix: str, expected: list[str]) -> None:
    assert words(name, prefix, metavar=metavar) == expected


def valued() -> Iterator[tuple[str, argparse.Action]]:
    for name in COMMANDS:
        for action in command(name).parser._actions:
            if action.nargs != 0 and action.choices is None:
                yield name, action


def test_every_argument_has_a_kind_of_values() -> None:
    strange = {
        (name, action.metavar) for name, action in valued() if action.metavar not in {*KINDS, *FREE, "KEY=VALUE"}
    }
    assert strange == set()
    assert {*KINDS, *FREE} - {action.metavar for _, action in valued()} <= {"COLUMN", "COMMAND"}
    assert set(KINDS["COLUMN"]("")) == set(COLUMN_NAMES)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_of_the_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--completion", shell]) == 0
    assert main([f"--completion={shell}"]) == 0
    text = capsys.readouterr().out
    assert text.count("_ARGCOMPLETE_SHELL") >= 2
    assert ("function __fish" in text) == (shell == "fish")


@pytest.mark.parametrize("rest", [[], ["tcsh"], ["bash", "zsh"]])
def test_another_shell_is_one_line(rest: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--completion", *rest]) == 2
    found = " ".join(rest) or "none"
    assert capsys.readouterr().err == (
        f"smjax: --completion: expected one of bash, zsh, fish, found {found}; write smjax --completion bash\n"
    )


def test_the_mark_is_where_argcomplete_looks_for_it() -> None:
    """Completing all programs that have it, it reads no more of a module."""
    source = Path(importlib.util.find_spec("smjax.__main__").origin)
    assert b"PYTHON_ARGCOMPLETE_OK" in source.read_bytes()[:1024]
