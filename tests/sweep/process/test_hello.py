"""Interpreters that are asked what they have: what is not understood is refused in one line that says what it was."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from smjax.core.engines import ENGINES, packages
from smjax.core.engines.introduction import introduce
from smjax.core.errors import RequestError
from smjax.core.machine.host import environment
from smjax.core.records.hello import EngineThere, Hello, KernelThere
from smjax.core.records.request import VERSION
from smjax.core.records.typed import encode
from smjax.sweep.process import hello as border
from smjax.sweep.process.hello import hello
from tests.sweep.processes import interpreter

ROOT = Path(__file__).parents[3]
FOUND = Hello(
    "0.2.0", "3.12.1", {"jax": None}, {}, ("smjax",), engines={"smjax": EngineThere(kernels={"xla": KernelThere()})}
)


def answering(answer: dict[str, Any], version: object = VERSION) -> str:
    """A program that takes a line and answers so."""
    message = json.dumps({"event": "answer", "version": version, "answer": answer})
    return f"read line; echo '{message}'"


OLDER = {"status": "refused", "reason": "expected a request of version 1, found 2; install one smjax for both sides"}
NEWER = {"status": "ok", "reason": "", "hello": {"smjax": "7.0.0", "of the future": [1]}}
MISTAKEN = {"status": "ok", "reason": "", "hello": {**encode(FOUND), "python": 3}}
USAGE = """echo "Unknown option: -P
usage: python [option] ... [-c cmd | -m mod | file | -] [arg] ...
Try \\`python -h' for more information." >&2"""

REFUSED = {
    "an older smjax": (
        answering(OLDER, 1),
        f"expected an answer of version {VERSION}, found 1; install one smjax for both sides",
    ),
    "a newer smjax": (
        answering(NEWER, 99),
        f"expected an answer of version {VERSION}, found 99 of smjax 7.0.0; install one smjax for both sides",
    ),
    "one without a version": (
        answering({}, None),
        f"expected an answer of version {VERSION}, found None; install one smjax for both sides",
    ),
    "a hello that is none": (answering(MISTAKEN), "answer.hello.python: expected a text, found 3"),
    "an answer without a hello": (answering({"status": "ok"}), "expected an interpreter with smjax, found: ok"),
    "an older Python": (f"{USAGE}; exit 2", "expected Python 3.11 or newer, found an older one; name another"),
    "another program": (
        "echo hello, world",
        "expected an interpreter with smjax, found another program, which says 'hello, world'",
    ),
    "a silent one": ("exit 0", "expected an interpreter with smjax, found another program, which says nothing"),
    "one that complains": (
        "echo cat: invalid option >&2; echo \"Try 'cat --help' for more.\" >&2; exit 1",
        "expected an interpreter with smjax, found: cat: invalid option",
    ),
    "one that crashes": (
        "kill -SEGV $$",
        "expected an interpreter with smjax, found: killed by SIGSEGV (11) in phase start",
    ),
    "one that hangs": ("sleep 60", "expected an answer within 0.5 s, found none; is it a Python with smjax?"),
    "a Python without smjax": (
        f'exec {sys.executable} -S "$@"',
        "expected smjax, found none; {python} -m pip install smjax",
    ),
    "a smjax without its packages": (
        f'PYTHONPATH={ROOT} exec {sys.executable} -S "$@"',
        "expected all that smjax needs, found it without numpy; install smjax there again",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_who_is_not_understood_is_refused_in_one_line(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, why = REFUSED[kind]
    monkeypatch.setattr(border, "TIMEOUT_S", 0.5 if kind == "one that hangs" else 30.0)
    python = interpreter(tmp_path, script)
    with pytest.raises(RequestError) as refused:
        hello(python, ["smjax"])
    assert str(refused.value) == f"python={python}: {why.format(python=python)}"


def test_what_is_no_program_is_refused(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_bytes(b"\x7fELF, or so it says")
    python.chmod(0o755)
    with pytest.raises(RequestError, match=r"the worker did not start: Exec format error$"):
        hello(str(python), ["smjax"])


def test_what_it_says_arrives_whole_and_what_a_newer_one_adds_does_no_harm(tmp_path: Path) -> None:
    said = {**encode(FOUND), "mood": "splendid"}
    assert hello(interpreter(tmp_path, answering({"status": "ok", "hello": said})), ["smjax"]) == FOUND


@pytest.mark.slow
def test_an_interpreter_that_prints_says_what_this_process_says_of_its_own(tmp_path: Path) -> None:
    noisy = f'printf "half a line"; exec {sys.executable} "$@"'
    found = hello(interpreter(tmp_path, noisy), ["smjax", "of the future"])
    assert found == introduce(environment(packages()), ["smjax"])
    assert found.known == tuple(ENGINES)
    assert list(found.engines) == ["smjax"]
    assert found.engines["smjax"].missing == ()
