"""The blocks of a page that show commands: what is typed, what is printed, and how they are tested."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import ROOT

RUN, COMPOSE, ARGUMENTS = "run", "compose", "arguments"
"""Executed, judged as before a measurement, or parsed alone."""

_BLOCK = re.compile(
    r"(?:^<!-- test: (?P<mark>[^\n]*) -->\n)?^ *```(?P<language>sh|bash|console|yaml)\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_MARK = re.compile(r"(?P<how>run|arguments)(?P<added>(?: [\w.]+=\S+)*)(?:, (?:with (?P<given>[\w. -]+)|(?P<why>.+)))?")
_STEP = re.compile(r"^\s*- run: (.*)$", re.MULTILINE)
_OPERATORS = {"&&", "||", "|", ";", "&"}


@dataclass(frozen=True)
class Command:
    """One line that is typed, and what the page says it prints."""

    line: str
    printed: tuple[str, ...] = ()

    def calls(self) -> Iterator[list[str]]:
        """The programs that it calls, each with its arguments; variables before it and redirections are left out."""
        lexer = shlex.shlex(self.line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for token in [*lexer, ";"]:
            if token not in _OPERATORS:
                words.append(token)
                continue
            if call := _call(words):
                yield call
            words = []


@dataclass(frozen=True)
class Block:
    """Of one page."""

    page: str
    line: int
    commands: tuple[Command, ...]
    how: str = COMPOSE
    added: tuple[str, ...] = ()
    """Overrides that a test adds."""
    given: tuple[str, ...] = ()
    """Folders that it finds."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(path: Path) -> list[Block]:
    """All of a page; ValueError for a mark that says nothing that is known."""
    text, page = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
    return [_block(found, page, text.count("\n", 0, found.start("text")) + 1) for found in _BLOCK.finditer(text)]


def _block(found: re.Match[str], page: str, line: int) -> Block:
    commands = tuple(_commands(found["language"], found["text"]))
    if found["mark"] is None:
        return Block(page, line, commands)
    mark = _MARK.fullmatch(found["mark"])
    if mark is None or (mark["how"] == ARGUMENTS) != bool(mark["why"]):
        raise ValueError(f"{page}:{line}: expected a mark as CONTRIBUTING.md has them, found {found['mark']}")
    return Block(page, line, commands, mark["how"], tuple(mark["added"].split()), tuple((mark["given"] or "").split()))


def _commands(language: str, text: str) -> Iterator[Command]:
    text = text.replace("\\\n", " ")
    if language == "yaml":
        yield from (Command(line) for line in _STEP.findall(text))
    elif language == "console":
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            line, *printed = part.splitlines()
            yield Command(line, tuple(printed))
    else:
        yield from (Command(line) for line in text.splitlines() if line.strip() and not line.startswith("#"))


def _call(words: list[str]) -> list[str]:
    """Without `NAME=VALUE` before it and `> FILE` behind it."""
    start = next((i for i, word in enumerate(words) if not re.match(r"[A-Z_]+=", word)), len(words))
    end = next((i for i, word in enumerate(words) if re.fullmatch(r"\d?[<>]+", word)), len(words))
    return words[start:end]
