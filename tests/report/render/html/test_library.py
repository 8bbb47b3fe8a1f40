"""The library of pictures: made once, kept, and none of it where it cannot be made."""

from __future__ import annotations

import subprocess

import pytest

from smjax.core.errors import RequestError
from smjax.report.render.html.library import library

make = library.__wrapped__


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SMJAX_CACHE_DIR", str(tmp_path))
    return tmp_path


def test_it_is_made_once_and_kept_and_ends_no_element(cache, monkeypatch):
    made = []

    def run(command, **options):
        made.append(command)
        return subprocess.CompletedProcess(command, 0, b"let a = '</script><!--'", b"")

    monkeypatch.setattr(subprocess, "run", run)
    assert make() == make() == "(() => {\nlet a = '<\\/script><\\!--'\n})();"
    assert len(made) == 1
    (kept,) = cache.rglob("*.js")
    whole = kept.read_bytes()
    for number, damaged in enumerate((b"\xff", b"", whole[:-9], whole.replace(b"let", b"var"), b"</script>"), 2):
        kept.write_bytes(damaged)
        assert make() == make() == "(() => {\nlet a = '<\\/script><\\!--'\n})();"
        assert len(made) == number, "what is damaged is made anew"


def test_where_nothing_can_be_kept_it_is_made_each_time(cache, monkeypatch):
    (cache / "smjax").write_text("a file in the place of the folder")
    monkeypatch.setattr(subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, 0, b"1", b""))
    assert make() == "(() => {\n1\n})();"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            subprocess.CalledProcessError(-6, "python", b"", b"x\nout of\x1b memory\n"),
            r"exit code -6 (out of\x1b memory)",
        ),
        (subprocess.CalledProcessError(1, "python", b"", b""), "exit code 1 (nothing was said)"),
        (OSError("no such interpreter"), "no such interpreter"),
    ],
)
def test_a_failure_is_one_line(cache, monkeypatch, error, said):
    def run(command, **options):
        raise error

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(RequestError) as refused:
        make()
    assert str(refused.value) == f"pictures: expected their library from vl-convert, found {said}; free memory for it"
    assert list(cache.rglob("*.js")) == []
