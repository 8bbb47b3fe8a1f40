from __future__ import annotations

import argparse
import importlib
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from smjax.__main__ import main
from smjax.commands import COMMANDS, GROUPS
from smjax.commands._command import command
from smjax.core.exit_codes import ExitCode
from smjax.sweep.request.keys import keys
from tests.report.factory import record, run_folder

ROOT = Path(__file__).parents[1]
HEAVY = {"hydra", "omegaconf", "jax", "numpy", "polars", "rich", "scipy", "psutil"}


def said(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["bench"], "bench: expected one of {all}, found bench; to measure write smjax run"),
        (["Reprot"], "Reprot: expected one of {all}, found Reprot; write smjax report"),
        (["dr"], "dr: expected one of {all}, found dr; to measure write smjax run"),
        (["ctx=8"], "ctx=8: expected a command, found none; write smjax run ctx=8"),
        (["a b.gguf"], "a b.gguf: expected a command, found none; write smjax run 'model=a b.gguf'"),
        (["-m", "ctx=8"], "-m: expected a command before its options, found none; smjax --help lists them"),
        (["report"], "report: expected a run folder, found none; write smjax report DIR"),
    ],
)
def test_an_unknown_command_is_one_line(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", f"smjax: {line.format(all=', '.join(COMMANDS))}\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["eval", "--n-gen", "x"], "smjax eval: argument --n-gen: invalid int value: 'x'"),
        (["eval", "--modle", "m"], "smjax eval: the following arguments are required: --model, --ids-file, --n-gen"),
        (["report", "x", "--histroy", "y"], "smjax report: unrecognized arguments: --histroy; did you mean --history?"),
        (["doctor", "--JSON"], "smjax doctor: unrecognized arguments: --JSON; did you mean --json?"),
        (["export", "--xyz", "f.gguf", "--model", "m"], "smjax export: unrecognized arguments: --xyz"),
        (["run", "ctx=9", "--n-gen", "4", "-m"], "smjax run: unrecognized arguments: --n-gen; write n_gen=4"),
        (["run", "--replicates=3"], "smjax run: unrecognized arguments: --replicates=3; write measure.replicates=3"),
        (["run", "--experiment"], "smjax run: unrecognized arguments: --experiment; write experiment=VALUE"),
        (["run", "-sc", "install=bash"], "smjax run: unrecognized arguments: -sc; write smjax --completion bash"),
        (["run", "--multi"], "smjax run: unrecognized arguments: --multi; did you mean --multirun?"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_one_line(arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr() == ("", f"{line}; see smjax {arguments[0]} --help\n")


def test_options_and_the_rest_come_in_any_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        run_folder(tmp_path / name, [record()])
    assert main(["report", str(tmp_path / "a"), "--out", str(tmp_path / "out"), str(tmp_path / "b")]) == 0
    assert (tmp_path / "out" / "summary.csv").exists()
    assert not (tmp_path / "a" / "summary.csv").exists()
    capsys.readouterr()


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_help_lists_every_command_below_what_one_wants(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 79
    for group, commands in GROUPS.items():
        (part,) = [part for part in text.split("\n\n") if part.startswith(f"{group}:\n")]
        assert [line.split()[0] for line in part.splitlines()[1:] if line[2] != " "] == list(commands)
    for code in ExitCode:
        assert f" {int(code)} " in " ".join(text.split())


@pytest.mark.parametrize("arguments", [["run", "--help"], ["help", "run"]])
def test_help_explains_every_override(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    text = capsys.readouterr().out
    flat = " ".join(text.split())
    for key in keys().values():
        assert f"{key.name}=" in text
        assert " ".join(key.meaning.split()) in flat
    assert "Hydra's app" not in text


@pytest.mark.parametrize(("columns", "widest"), [("20", 60), ("80", 79), ("120", 100), ("400", 100)])
def test_help_is_as_wide_as_the_terminal_within_reason(
    columns: str, widest: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    main(["--help"])
    main(["run", "--help"])
    assert widest - 15 < max(map(len, capsys.readouterr().out.splitlines())) <= widest


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: smjax {name} ")
    assert COMMANDS[name].partition(":")[0][1:] in " ".join(text.split())
    assert f"\nexamples:\n  smjax {name} " in text
    assert "\nexit codes: 0 " in text
    assert max(map(len, text.splitlines())) <= 79


@pytest.mark.parametrize("name", COMMANDS)
def test_help_gives_examples_that_are_taken_and_says_every_default(name: str) -> None:
    found = command(name)
    for line in found.examples:
        program, named, *arguments = shlex.split(line)
        assert (program, named) == ("smjax", name)
        found.parser.parse(arguments)
    for action in found.parser._actions:
        if action.default not in (None, False, [], argparse.SUPPRESS):
            assert "%(default)s" in (action.help or ""), f"{action.option_strings}: its default is {action.default}"


def test_every_file_of_commands_is_listed() -> None:
    files = {path.stem for path in (ROOT / "smjax" / "commands").glob("[!_]*.py")}
    assert files == {name.replace("-", "_") for name in COMMANDS}
    for name in files:
        module = importlib.import_module(f"smjax.commands.{name}")
        assert callable(module.add_arguments)
        assert callable(module.call)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("smjax 0.")


@pytest.mark.parametrize("command", [["smjax"], ["smjax", "run", "--help"], ["smjax.run", "--help"], ["smjax", "nope"]])
def test_words_alone_import_nothing_heavy(command: list[str]) -> None:
    done = said("-X", "importtime", "-m", *command)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert imported & HEAVY == set()
    assert {"argparse", "smjax"} & imported


def test_a_command_imports_no_other() -> None:
    code = "import sys; from smjax.__main__ import main; main(['report']); print(*sorted(sys.modules))"
    done = said("-c", code)
    assert [name for name in done.stdout.split() if name.startswith("smjax.commands.") and "._" not in name] == [
        "smjax.commands.report"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["nokey=1"], ["-m", "threads=0,1"], ["--help"], ["--nope"]])
def test_run_is_one_command_under_two_names(arguments: list[str], tmp_path: Path) -> None:
    one, other = (said("-m", *name, *arguments, cwd=tmp_path) for name in (["smjax", "run"], ["smjax.run"]))
    assert (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr)
    assert one.returncode == (0 if arguments == ["--help"] else 2)
    assert list(tmp_path.iterdir()) == []
