"""Names, reasons and records that try to write to the terminal reach no output and no file as they are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from smjax.core.records.document import read_record
from tests.in_process import said
from tests.report.factory import failed, record, run_folder
from tests.small_llama import write_llama
from tests.sweep.conftest import environment_once

pytestmark = pytest.mark.slow

NASTY = "a\x1b[2J\x1b]0;owned\x07\x9b31m\x7f\u202egpj\u2066\u200b\x08\r\x85\u2028b"
"""An escape sequence of each kind, DEL, bidirectional controls, a character of no width, separators of lines."""
DANGEROUS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")

WORKER = """
import json, sys
request = json.loads(sys.stdin.readline())
nasty = json.loads(sys.argv[1])
print(json.dumps({"event": "phase", "phase": nasty}), flush=True)
sys.stderr.write(nasty + "\\n" + nasty)
if sys.argv[2] == "answers":
    answer = {"status": "failed", "reason": nasty, "flags": [nasty]}
    print(json.dumps({"event": "answer", "version": 4, "answer": answer}), flush=True)
sys.exit(3)
"""
DRIVER = """
import json, os, sys
from dataclasses import replace
import smjax.run
from smjax.sweep.process.local import LocalLauncher
worker, nasty, how = sys.argv[1:4]
del sys.argv[1:4]
known = json.loads(os.environ["KNOWN_ENVIRONMENT"])
launcher = LocalLauncher((sys.executable, worker, nasty, how))
quiet = replace(smjax.run.real_outside(), environment=lambda: known, examine=lambda seconds: [])
sys.exit(smjax.run.main(replace(quiet, launcher=launcher)))
"""


def check(text: str) -> None:
    found = [(match[0], text[max(0, match.start() - 40) : match.end()]) for match in DANGEROUS.finditer(text)]
    assert found == []


def clean(done: subprocess.CompletedProcess[str], code: int) -> str:
    """All that a command printed, of which nothing is dangerous."""
    text = done.stdout + done.stderr
    assert (done.returncode, "Traceback" in text) == (code, False), text
    check(text)
    return text


def driven(folder: Path, said_by_worker: str, how: str, *overrides: str, **variables: str) -> str:
    """What a run prints whose worker says so, in a process of its own."""
    (folder / "worker.py").write_text(WORKER)
    known = {"KNOWN_ENVIRONMENT": json.dumps(environment_once())}
    arguments = ["-c", DRIVER, str(folder / "worker.py"), json.dumps(said_by_worker), how, *overrides]
    done = subprocess.run(
        [sys.executable, *arguments, "measure=quick", "hydra.run.dir=run"],
        cwd=folder,
        env={**os.environ, **known, **variables},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=120,
    )
    return clean(done, code=1)


def check_files(folder: Path) -> int:
    """Every file below is clean, whatever its own name is; returns how many there are."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".gguf"]
    for path in files:
        text = path.read_bytes().decode("utf-8")
        check(text.replace("\t", "") if path.name == "report.html" else text)  # Vega's own code has tabs
    return len(files)


@pytest.mark.parametrize("how", ["answers", "dies"])
def test_a_worker_whose_every_word_is_hostile(how: str, tmp_path: Path) -> None:
    text = driven(tmp_path, NASTY, how)
    assert r"\x1b[2J" in text
    assert check_files(tmp_path / "run") >= 4
    (path,) = (tmp_path / "run" / "records").iterdir()
    assert read_record(path)["status"] == "failed"


def test_a_model_file_of_a_hostile_name(tmp_path: Path) -> None:
    name = f"{NASTY}\udcff.gguf"
    write_llama(tmp_path / name)
    text = driven(tmp_path, "plain", "answers", f"model={name}", "ctx=16", "n_gen=4")
    assert r"a\x1b[2J" in text
    assert check_files(tmp_path / "run") >= 4
    text = clean(said(tmp_path, "report", "run"), code=0)
    assert r"a\\x1b[2J" in text, "as Markdown writes it"


def hostile(value: Any) -> Any:
    """The same with every text of a record spoilt that readers take as it is."""
    if isinstance(value, Mapping):
        return {key: hostile(inside) for key, inside in value.items()}
    if isinstance(value, list):
        return [hostile(inside) for inside in value]
    return value + NASTY if isinstance(value, str) else value


def test_a_hostile_record(tmp_path: Path) -> None:
    """As somebody sends one; also in a folder of a hostile name."""
    kept = ("id", "provenance", "date", "status", "schema")
    for number, whole in enumerate((record(), failed("failed", "no", threads=2))):
        spoilt = {key: value if key in kept else hostile(value) for key, value in whole.items()}
        run_folder(tmp_path / f"run{NASTY}", [{**spoilt, "id": f"r{number}"}])
    for arguments in (["report"], ["report", "--audit"]):
        text = clean(said(tmp_path, *arguments, f"run{NASTY}"), code=0)
        assert r"\x1b[2J" in text
    assert check_files(tmp_path) >= 6


@pytest.mark.parametrize(
    "command",
    [
        (NASTY,),
        ("report", NASTY),
        ("report", "--history", NASTY, "x"),
        ("doctor", f"--{NASTY}"),
        ("export", "--model", NASTY, "a.gguf"),
        ("export", "--model", "stories-15m", f"nowhere/{NASTY}"),
        ("eval", "--model", NASTY, "--ids-file", NASTY, "--n-gen", "1"),
        ("run", f"model={NASTY}.gguf"),
        ("run", f"engine={NASTY}"),
        ("run", f"+{NASTY}=1"),
        ("run", f"hydra.run.dir=/proc/{NASTY}"),
    ],
    ids=lambda command: " ".join(command[:3]).encode("ascii", "backslashreplace").decode()[:40],
)
def test_a_hostile_argument(command: tuple[str, ...], tmp_path: Path) -> None:
    text = clean(said(tmp_path, *command), code=2)
    assert text.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_hostile_environment(tmp_path: Path) -> None:
    nasty = NASTY.replace("\0", "")
    variables = {"SMJAX_LOCK": f"/nowhere/{nasty}", "SMJAX_CACHE_DIR": f"{tmp_path}/{nasty}"}
    text = driven(tmp_path, "plain", "answers", "lock=refuse", **variables)
    assert r"/nowhere/a\x1b[2J" in text
    assert check_files(tmp_path / "run") >= 4


READERS: dict[str, Callable[[Path], list[str]]] = {
    "history": lambda path: ["report", "--history", str(path), "run"],
    "audit": lambda path: ["report", "--audit", str(path)],
}


@pytest.mark.parametrize("reader", READERS)
def test_a_hostile_history(reader: str, tmp_path: Path) -> None:
    row = {"source": NASTY, "arch": NASTY, "os": NASTY, "cpu": NASTY, "provenance": "reported", "model": NASTY}
    sizes = ({"threads": n, "ctx": 256, "n_gen": 101, "decode_tok_per_s": 8.0 * n, "ttft_ms": 25.6} for n in (1, 2, 4))
    rows = [{**row, **size, "note": NASTY} for size in sizes]  # in perfect proportion, which the audit flags
    (tmp_path / "history.json").write_text(json.dumps({"title": NASTY, "rows": rows}))
    run_folder(tmp_path / "run", [record()])
    text = clean(said(tmp_path, *READERS[reader](tmp_path / "history.json")), code=0)
    assert r"\x1b[2J" in text
    check_files(tmp_path / "run")
