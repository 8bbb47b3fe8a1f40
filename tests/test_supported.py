"""What `make` says before it installs anything."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import supported

ROOT = Path(__file__).parents[1]
GLIBC = ("glibc", "2.36")


@pytest.mark.parametrize(
    "here",
    [
        ((3, 11, 0), "Linux", "x86_64", GLIBC),
        ((3, 13, 9), "Linux", "aarch64", ("glibc", "2.27")),
        ((3, 12, 1), "Darwin", "arm64", ("", "")),
    ],
)
def test_nothing_is_said_where_it_works(here: tuple[object, ...]) -> None:
    assert supported.why_not(*here) == ""


@pytest.mark.parametrize(
    ("here", "line"),
    [
        (((3, 14, 0), "Linux", "x86_64", GLIBC), "smjax needs Python 3.11 to 3.13, found 3.14; name one: make PYTHON="),
        (((3, 10, 9), "Linux", "x86_64", GLIBC), "smjax needs Python 3.11 to 3.13, found 3.10; name one: make PYTHON="),
        (((3, 12, 0), "Windows", "AMD64", ("", "")), "smjax needs Linux or macOS, found Windows; inside of WSL"),
        (((3, 12, 0), "MSYS_NT-10.0", "x86_64", ("", "")), "smjax needs Linux or macOS, found Windows; inside of WSL"),
        (((3, 12, 0), "Darwin", "x86_64", ("", "")), "smjax needs Apple silicon and a Python for it, found"),
        (((3, 12, 0), "Linux", "riscv64", GLIBC), "smjax needs x86_64 or aarch64, found riscv64: jaxlib"),
        (((3, 12, 0), "Linux", "x86_64", ("glibc", "2.17")), "smjax needs glibc 2.27 or later, found 2.17; take a"),
        (((3, 12, 0), "Linux", "x86_64", ("", "")), "smjax needs glibc, found none, as in Alpine: jaxlib"),
    ],
)
def test_a_wrong_place_is_told_in_one_line(here: tuple[object, ...], line: str) -> None:
    assert supported.why_not(*here).startswith(line)
    assert "\n" not in supported.why_not(*here)


def test_its_bounds_are_those_of_the_project() -> None:
    bounds = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text())
    assert bounds
    assert [(3, int(minor)) for minor in bounds.groups()] == [supported.OLDEST, supported.TOO_NEW]


def test_here_it_works_as_a_script() -> None:
    found = subprocess.run([sys.executable, "-S", "supported.py"], cwd=ROOT, capture_output=True, check=False)
    assert (found.returncode, found.stderr) == (0, b"")
