"""The manual page is right roff, whatever words it is made of; that it is up to date is tested in tests/docs."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from smjax.commands import COMMANDS
from smjax.commands._manual import _literal, _prose, manual


@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
def test_groff_has_nothing_to_warn_of_and_shows_what_help_says() -> None:
    groff = ["groff", "-ww", "-man", "-Kutf8", "-Tutf8", "-P-cbou"]
    done = subprocess.run(groff, input=manual(), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    flat = " ".join(done.stdout.split())
    for name in COMMANDS:
        assert f"SMJAX {name.upper()} " in flat
    for text in ("-m, --multirun sweep", "threads=1 threads of", 'eval "$(smjax --completion bash)"'):
        assert text in flat


def test_words_are_never_requests() -> None:
    assert _prose(".so /etc/passwd") == "\\&.so /etc/passwd"
    assert _prose("a --b 4-bit C:\\x `c`") == "a \\-\\-b 4-bit C:\\ex c"
    assert _prose(f"{'x' * 71} .y").splitlines() == ["x" * 71, "\\&.y"]
    assert _literal("'a-b' ~") == "\\(aqa\\-b\\(aq \\(ti"
