"""The pages that are made from the code."""

from __future__ import annotations

import re

import pytest

from smjax.commands import COMMANDS
from smjax.sweep.request.job import MICRO, RUN, Job
from smjax.sweep.request.keys import keys
from smjax.sweep.request.page import ENVIRONMENT
from tests.docs.pages import DOCS, ROOT, loaded

PAGES = loaded(DOCS / "generate.py").PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name], "run: python docs/generate.py"


@pytest.mark.parametrize("job", [RUN, MICRO], ids=lambda job: job.command)
def test_every_setting_has_a_row(job: Job) -> None:
    own = PAGES["settings.md"].partition(f"## `smjax {job.command}`")[2]
    assert [name for name in keys(job) if f"\n| `{name}` | " not in own] == []


def test_every_command_has_a_section_with_all_that_it_takes() -> None:
    sections = re.split(r"^## `smjax (\S+)`$", PAGES["commands.md"], flags=re.MULTILINE)
    assert sections[1::2] == list(COMMANDS)
    regress = sections[2 * sections[1::2].index("regress") + 2]
    for option in ("`--baseline BASE`", "`--threshold SHARE`", "`--format text\\|md\\|json`", "by default 3%"):
        assert option in regress


def test_every_variable_of_the_environment_is_told() -> None:
    named = re.compile(r'(?:environ\.get\(|_?VARIABLE = )"(SMJAX_\w+)"')
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "smjax").rglob("*.py"))
    assert {name for source in sources for name in named.findall(source)} == set(ENVIRONMENT)
