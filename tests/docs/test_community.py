"""What GitHub shows: README, forms that ask for what decides, how to cite, how to report in private."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from smjax.commands import COMMANDS
from smjax.commands._command import command
from tests.docs.pages import ROOT

GITHUB = ROOT / ".github"
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml"))
TYPES = {"markdown", "textarea", "input", "dropdown", "checkboxes"}
TEXTS = [*FORMS, GITHUB / "pull_request_template.md", ROOT / "SECURITY.md"]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_is_one_that_github_takes(path: Any) -> None:
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert form.keys() <= {"name", "description", "labels", "body"}
    assert form["name"]
    assert form["description"]
    asked = [element for element in form["body"] if element["type"] != "markdown"]
    ids = [element["id"] for element in asked]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[\w-]+", one) for one in ids)
    for element in form["body"]:
        assert element["type"] in TYPES
        assert element["attributes"]["value" if element["type"] == "markdown" else "label"]
        assert element.keys() <= {"type", "id", "attributes", "validations"}


def test_forms_ask_for_what_decides() -> None:
    required = {
        path.stem: {one["id"] for one in yaml.safe_load(path.read_text())["body"] if one.get("validations")}
        for path in FORMS
    }
    assert required["bug"] >= {"command", "doctor"}
    assert required["figure"] >= {"command", "records", "doctor"}
    assert "feature" in required


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_the_commands_that_they_name_are_there(path: Any) -> None:
    for line in re.findall(r"`smjax ([^`]+)`", path.read_text(encoding="utf-8")):
        name, *rest = line.split()
        if name not in ("--help", "--version"):
            assert name in COMMANDS
            known = command(name).parser._option_string_actions
            assert [option for option in rest if option.startswith("-") and option not in known] == []


def test_the_citation_has_what_its_schema_requires_and_says_what_the_package_says() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cited["cff-version"] == "1.2.0"
    assert cited["message"]
    assert cited["title"]
    assert cited["authors"] == project["authors"]
    assert {name: str(cited[name]) for name in ("version", "license")} == {
        name: project[name] for name in ("version", "license")
    }
    assert cited["keywords"] == project["keywords"]


def test_faults_of_security_are_reported_in_private_and_to_no_made_up_address() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "*Report a vulnerability*" in text
    assert not re.search(r"[\w.]+@[\w.]+", text)


def test_the_readme_begins_with_two_commands_shows_a_small_picture_and_is_short() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("\n") <= 100
    assert [line.partition("#")[0].strip() for line in text.split("```")[1].splitlines()[1:]] == [
        "make bench",
        "make test",
    ]
    pictures = re.findall(r'(?:src|srcset)="([^"]+)"', text)
    assert len(pictures) == 2
    assert all(0 < (ROOT / name).stat().st_size <= 150_000 for name in pictures)
