"""Commands that pages mention within a sentence: what they are called, and what their options and overrides are."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from smjax.commands import COMMANDS
from smjax.commands._command import command
from smjax.sweep.request.keys import SPELLINGS, keys
from tests.docs.compose import JOBS, make_targets
from tests.docs.pages import PAGES, ROOT, without_fences

MENTION = re.compile(r"`smjax ([^`]+)`")
PLACEHOLDERS = {"COMMAND", "NAME", "…"}
OF_ALL = ("-h", "--help", "-V", "--version", "help", "--completion")


def unknown(mention: str) -> str:
    """The first word of it that means nothing; empty where all do."""
    name, *words = mention.split()
    if name in PLACEHOLDERS or name in OF_ALL:
        return ""
    if name not in COMMANDS:
        return name
    options = command(name).parser._option_string_actions
    overrides = {**keys(JOBS[name]), **SPELLINGS} if name in JOBS else None
    for word in (word.strip("[]") for word in words):
        key, equals, _ = word.partition("=")
        if word.startswith("-") and key not in options:
            return word
        if equals and overrides is not None and not word.startswith("-") and key not in overrides | {"KEY": None}:
            return word
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_mentioned_is_there(page: Path) -> None:
    mentions = MENTION.findall(without_fences(page.read_text(encoding="utf-8")))
    assert {mention: word for mention in mentions if (word := unknown(mention))} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_make_is_to_make_is_there(page: Path) -> None:
    mentions = re.findall(r"`make ([a-z][\w-]*)", page.read_text(encoding="utf-8"))
    assert set(mentions) <= make_targets()


def test_extras_that_are_to_be_installed_are_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = (page.read_text(encoding="utf-8") for page in PAGES)
    named = {
        name
        for text in texts
        for names in re.findall(r"'(?:smjax|\.)\[([\w,-]+)\]'", text)
        for name in names.split(",")
    }
    assert {"llama-cpp", "openvino"} <= named <= project["optional-dependencies"].keys()


@pytest.mark.parametrize(
    ("mention", "word"),
    [
        ("report DIR… --audti", "--audti"),
        ("bench", "bench"),
        ("run -m thread=1 ctx=2", "thread=1"),
        ("run -m threads=1,2 hydra.sweep.dir=DIR", ""),
        ("compare DIR [--axis NAME]", ""),
    ],
)
def test_what_is_not_there_is_found(mention: str, word: str) -> None:
    assert unknown(mention) == word
