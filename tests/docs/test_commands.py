"""Nothing is on a page that would not be taken: every command is composed, or at least its arguments are parsed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smjax.core.errors import RequestError
from tests.docs.blocks import ARGUMENTS, Block, Command, blocks
from tests.docs.compose import judge
from tests.docs.pages import PAGES

PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [block for page in PAGES for block in blocks(page)]


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_page_s_commands_are_taken(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in block.commands:
        for call in command.calls():
            try:
                judge(call, arguments_alone=block.how == ARGUMENTS)
            except (RequestError, SystemExit) as error:
                pytest.fail(f"{block}: {command.line}: {error}", pytrace=False)


@pytest.mark.parametrize(
    "line",
    [
        "smjax run thraeds=1",
        "smjax run -m threads=0,1",
        "X=1 .venv/bin/smjax run ctx=1e9 > log",
        "python -m smjax.run -m engine=llama",
        "smjax run model=tinystories-2m",
        "smjax run model=FILE.gguf kernel=ggml",
        "smjax micro op=gemn",
        "smjax report --audti DIR",
        "smjax compare A",
        "smjax benchmark",
        "make bnech",
        "python experiments/no.py",
    ],
)
def test_what_would_not_be_taken_is_found(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (call,) = Command(line).calls()
    with pytest.raises((RequestError, SystemExit, AssertionError)):
        judge(call, arguments_alone=False)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if PYTHON.search(page.read_text(encoding="utf-8"))], ids=lambda page: page.name
)
def test_a_page_s_python_runs(page: Path) -> None:
    for source in PYTHON.findall(page.read_text(encoding="utf-8")):
        exec(compile(source, page, "exec", dont_inherit=True), {"__name__": page.stem})


def test_every_fenced_command_is_in_a_block_that_is_tested() -> None:
    """A block of another language would not be."""
    words = ("smjax ", "$ smjax ", "python -m smjax", "$ python -m smjax", "make ", "$ make ")
    found = [f"{page.name}: {line}" for page in PAGES for line in _untested(page) if line.startswith(words)]
    assert found == [], "write ```sh or ```console, or ```text for what is no command"


def _untested(page: Path) -> list[str]:
    lines, language, found = page.read_text(encoding="utf-8").splitlines(), None, []
    for line in lines:
        if line.lstrip().startswith("```"):
            language = (line.strip("` ") or "none") if language is None else None
        elif language == "none":
            found.append(line)
    return found
