"""What a page shows is what happens: its marked blocks are executed in a folder, and print what they show."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest

from smjax.core.native_library import library
from tests.docs.blocks import RUN, Block, Command, blocks
from tests.docs.compose import MODEL, program
from tests.docs.given import give, measured
from tests.docs.pages import PAGES
from tests.docs.shape import difference
from tests.in_process import said

pytestmark = [pytest.mark.slow, pytest.mark.skipif(library() is None, reason="pages show what the native kernel does")]

MARKED = [block for page in PAGES for block in blocks(page) if block.how == RUN]
BY_PAGE = {page: list(of_page) for page, of_page in groupby(MARKED, key=lambda block: block.page)}


@pytest.fixture(scope="session")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return measured(tmp_path_factory.mktemp("measured"))


@pytest.mark.parametrize("page", BY_PAGE)
def test_a_page_s_marked_blocks_do_what_they_show(
    page: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "FILE.gguf").symlink_to(MODEL)
    type_in = _terminal(folder)
    for block in BY_PAGE[page]:
        if block.given:
            give(block.given, request.getfixturevalue("twice"), folder)
        for command in block.commands:
            printed = type_in(block, command)
            if command.printed and "" not in (found := [difference(command.printed, text) for text in printed]):
                pytest.fail(f"{block}: {command.line}\nis to print\n{found[0]}\nprints\n{printed[1]}", pytrace=False)


def _terminal(folder: Path) -> Callable[[Block, Command], tuple[str, str]]:
    """Types a command: what is printed, and with what is said on stderr before it."""
    code = 0

    def type_in(block: Block, command: Command) -> tuple[str, str]:
        nonlocal code
        calls = [program(call) for call in command.calls()]
        done: subprocess.CompletedProcess[str]
        if command.line == "echo $?":
            return f"{code}\n", ""
        if len(calls) == 1 and calls[0][0] == "smjax":
            added = block.added if calls[0][1][:1] in (["run"], ["micro"]) else ()
            done = said(folder, *calls[0][1], *added)
        else:
            assert "smjax" not in [name for name, _ in calls], f"{block}: one smjax a line, without a pipe"
            done = subprocess.run(command.line, shell=True, cwd=folder, capture_output=True, text=True, check=False)
        code = done.returncode
        assert code == 0 or done.stderr.strip(), f"{block}: {command.line}: {code} without a word"
        return done.stdout, done.stderr + done.stdout

    return type_in
