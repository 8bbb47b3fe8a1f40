"""Judges a command as far as it would come before it measures or reads anything."""

from __future__ import annotations

import dataclasses
import functools
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from smjax.commands import COMMANDS, _comparing
from smjax.commands._command import command
from smjax.commands._completion import script
from smjax.core.engines.introduction import introduce
from smjax.core.records.hello import Hello
from smjax.core.records.scenario import Scenario
from smjax.sweep.request import validate
from smjax.sweep.request.compose import Asked, compose
from smjax.sweep.request.interpreters import Interpreters
from smjax.sweep.request.job import MICRO, RUN
from smjax.sweep.subject.kinds import KINDS
from tests.docs.pages import ROOT
from tests.sweep.conftest import environment_once

MODEL = ROOT / "tests" / "data" / "shakespeare-q4_0.gguf"
JOBS = {"run": RUN, "micro": MICRO}
PLENTY_BYTES = 1 << 40


class Anything(Interpreters):
    """Every interpreter is this one, with every engine installed."""

    def __init__(self, engines: Sequence[str]) -> None:
        self._there = introduce(environment_once(), engines)

    def of(self, scenario: Scenario) -> Hello:
        engines = {name: dataclasses.replace(one, missing=()) for name, one in self._there.engines.items()}
        return dataclasses.replace(self._there, engines=engines)


def judge(call: Sequence[str], *, arguments_alone: bool) -> None:
    """Once, of pages that show the same; see `_judge`."""
    _judge(tuple(call), arguments_alone)


@functools.cache
def _judge(call: tuple[str, ...], arguments_alone: bool) -> None:
    """Fail unless a program is one that is known here, and takes what it is called with; others are left alone."""
    name, rest = program(call)
    if name == "smjax":
        _judge_command(rest, arguments_alone)
    elif name == "make":
        targets = make_targets()
        for word in rest:
            assert word in targets or "=" in word, f"make {word}: the Makefile has no such target"
    elif name == "python" and rest[:1] and rest[0].endswith(".py"):
        assert (ROOT / rest[0]).is_file(), f"{rest[0]}: there is no such file"


def program(call: Sequence[str]) -> tuple[str, list[str]]:
    """What is called, whichever environment it is in: `python -m smjax.run` is `smjax run`."""
    name, rest = Path(call[0]).name, list(call[1:])
    if name == "python" and rest[:1] == ["-m"] and rest[1].partition(".")[0] == "smjax":
        return "smjax", [*rest[1].split(".")[1:], *rest[2:]]
    return name, rest


@functools.cache
def make_targets() -> set[str]:
    """All that the Makefile makes by name."""
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert phony is not None
    return set(phony[1].split())


def _judge_command(argv: list[str], arguments_alone: bool) -> None:
    if argv[:1] == ["--completion"]:
        script(" ".join(argv[1:]))
        return
    if not argv or argv[0].startswith("-") or argv[0] == "help":
        assert argv in ([], ["--help"], ["--version"]) or argv[0] == "help", f"smjax {argv}: no such option"
        return
    name, rest = argv[0], argv[1:]
    assert name in COMMANDS, f"smjax {name}: there is no such command"
    arguments = command(name).parser.parse(rest)
    if "--help" in rest or arguments_alone:
        return
    if name in JOBS and not getattr(arguments, "ops", False):
        _compose(arguments.overrides, arguments.multirun, name)
    elif name == "compare":
        _comparing.check(arguments, arguments.runs, "compare")


def _compose(overrides: Sequence[str], is_sweep: bool, name: str) -> None:
    """As `smjax run` does it before it takes the lock of the host, on a machine that has everything."""
    _stand_in(overrides)
    composed = compose(Asked(overrides, is_sweep, job=JOBS[name]))
    assert composed is not None
    try:
        kind = KINDS[type(composed.points[0])]
        asked = kind.scenarios(composed.points)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(validate, "available_bytes", lambda: PLENTY_BYTES)
            kind.subjects(asked, environment_once(), Anything(list(dict.fromkeys(one.engine for one in asked))))
    finally:
        composed.folder.undo()


def _stand_in(overrides: Sequence[str]) -> None:
    """A model for every file of one, and an interpreter for every name of one."""
    for override in overrides:
        for name in override.partition("=")[2].split(","):
            if name.endswith(".gguf"):
                _link(Path(name), MODEL)
            elif name.endswith("/bin/python"):
                _link(Path(name), Path(sys.executable))


def _link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.symlink_to(target)
