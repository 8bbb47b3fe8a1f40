from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from smjax.__main__ import main
from smjax.commands import COMMANDS
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


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"], ["run", "--help"], ["help", "run"]])
def test_help_explains_every_override(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 79
    assert text.count("\n  smjax run ") == 3
    flat = " ".join(text.split())
    for key in keys().values():
        assert f"{key.name}=" in text
        assert " ".join(key.meaning.split()) in flat
    assert "Hydra's app" not in text


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: smjax {name} ")
    assert COMMANDS[name].partition(":")[0][1:] in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 79


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
    assert {name for name in done.stdout.split() if name.startswith("smjax.commands.")} == {
        "smjax.commands._parser",
        "smjax.commands.report",
    }


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["nokey=1"], ["-m", "threads=0,1"], ["--help"], ["--nope"]])
def test_run_is_one_command_under_two_names(arguments: list[str], tmp_path: Path) -> None:
    one, other = (said("-m", *name, *arguments, cwd=tmp_path) for name in (["smjax", "run"], ["smjax.run"]))
    assert (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr)
    assert one.returncode == (0 if arguments == ["--help"] else 2)
    assert list(tmp_path.iterdir()) == []
