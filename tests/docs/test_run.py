"""What a page shows is what happens: its marked blocks are executed in a folder, and print what they show."""

from __future__ import annotations

import subprocess
from itertools import groupby
from pathlib import Path

import pytest

from smjax.core.exit_codes import ExitCode
from smjax.core.native_library import library
from tests.docs.blocks import RUN, Block, Command, blocks
from tests.docs.compose import JOBS, MODEL, program
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
    for block in BY_PAGE[page]:
        if block.given:
            give(block.given, request.getfixturevalue("twice"), folder)
        for command in block.commands:
            done = _done(folder, block, command)
            texts = (done.stdout, done.stderr + done.stdout)
            if command.printed and "" not in (found := [difference(command.printed, text) for text in texts]):
                pytest.fail(f"{block}: {command.line}\nis to print\n{found[0]}\nprints\n{texts[1]}", pytrace=False)


def _done(folder: Path, block: Block, command: Command) -> subprocess.CompletedProcess[str]:
    """The command after it has ended well, of smjax in this process."""
    calls = [program(call) for call in command.calls()]
    if ("smjax" in dict(calls)) != (len(calls) == 1 and calls[0][0] == "smjax"):
        pytest.fail(f"{block}: {command.line}: expected one smjax on a line of its own", pytrace=False)
    if calls[0][0] == "smjax":
        (name, *arguments) = calls[0][1]
        done = said(folder, name, *arguments, *(block.added if name in JOBS else ()))
    else:
        name = ""
        done = subprocess.run(command.line, shell=True, cwd=folder, capture_output=True, text=True, check=False)
    # Two processes on a busy machine may well differ by more than a page's threshold.
    well = (ExitCode.OK, ExitCode.REGRESSION) if name == "regress" else (ExitCode.OK,)
    assert done.returncode in well, f"{block}: {command.line}: {done.returncode}: {done.stderr}"
    return done
