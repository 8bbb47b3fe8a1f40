"""Saved baselines: a copy of the records, whole or not at all, that comparisons find by its name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from smjax.__main__ import main
from smjax.core.records import baselines
from tests.report.compare.sweeps import noise, run
from tests.report.factory import run_folder

STEADY = noise(1, 8, 0.002)


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("platformdirs.user_state_path", lambda name: tmp_path / "state" / name)
    monkeypatch.chdir(tmp_path)
    run_folder(tmp_path / "one", run(STEADY))
    run_folder(tmp_path / "two", run([0.9 * rate for rate in STEADY], run="second", day=2))
    return tmp_path / "state" / "smjax" / "baselines"


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "records").iterdir()}


def said(capsys, *arguments):
    code = main(list(arguments))
    return code, *capsys.readouterr()


def test_the_records_are_copied_as_they_are_and_compared_by_name(tmp_path, state, capsys):
    before = content(tmp_path / "one")
    code, out, err = said(capsys, "baseline", "save", "v1", "one")
    assert (code, err) == (0, "")
    assert out == f"v1: 8 records, in {state / 'v1'}\n"
    shutil.rmtree(tmp_path / "one")
    assert content(state / "v1") == before
    code, out, _ = said(capsys, "regress", "--baseline", "v1", "two", "--between-runs", "0.1%", "--format", "json")
    (row,) = json.loads(out)
    assert (code, row["verdict"]) == (3, "slower")
    assert row["ratio"] == pytest.approx(0.9, rel=1e-6)


def test_a_name_that_is_taken_is_refused_unless_it_is_to_be_replaced(tmp_path, state, capsys):
    assert main(["baseline", "save", "v1", "one"]) == 0
    capsys.readouterr()
    assert said(capsys, "baseline", "save", "v1", "two") == (
        2,
        "",
        "smjax: baseline v1: expected a new name, found one that is taken; write --replace, or another\n",
    )
    assert content(state / "v1") == content(tmp_path / "one")
    assert main(["baseline", "save", "v1", "two", "--replace"]) == 0
    assert content(state / "v1") == content(tmp_path / "two")
    assert [path.name for path in state.iterdir()] == ["v1"]


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/abs", ".hidden", "-v", "x\x1b", "a b", "x" * 65, "ü"])
def test_a_name_that_is_none_is_refused(state, name, capsys):
    code, out, err = said(capsys, "baseline", "save", "--", name, "one")
    assert (code, out) == (2, "")
    assert err.startswith("smjax: baseline ")
    assert err.count("\n") == 1
    assert not set(err) & {"\x1b"}
    assert not state.exists()


def test_what_cannot_be_copied_whole_is_not_saved(tmp_path, state, capsys, monkeypatch):
    (tmp_path / "one" / "records" / "damaged.json").write_text("{")
    code, _, err = said(capsys, "baseline", "save", "v1", "one")
    assert (code, "damaged.json" in err) == (2, True)
    assert not state.exists()
    assert said(capsys, "baseline", "save", "v1", "nosuch")[0] == 2

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    code, out, err = said(capsys, "baseline", "save", "v2", "two")
    assert (code, out) == (2, "")
    assert "No space left on device" in err
    assert list(state.iterdir()) == []


def test_they_are_listed(state, capsys):
    code, out, _ = said(capsys, "baseline", "list")
    assert code == 0
    assert "None. To keep one: smjax baseline save NAME DIR" in out
    for name, folder in (("v2", "two"), ("v1", "one")):
        assert main(["baseline", "save", name, folder]) == 0
    capsys.readouterr()
    code, out, _ = said(capsys, "baseline", "list")
    assert code == 0
    assert "| v1 | 2026-03-01T10:00 | here | 1 | 8 |" in out
    assert "| v2 | 2026-03-02T10:00 | here | 1 | 8 |" in out


def test_a_folder_goes_before_a_baseline_of_its_name_and_that_is_said(state, capsys):
    assert main(["baseline", "save", "two", "one"]) == 0
    capsys.readouterr()
    assert baselines.folder_of("two") == Path("two")
    assert capsys.readouterr().err == "smjax: two: taking the folder, not the baseline of that name\n"


def test_a_name_that_there_is_not_is_answered_with_the_one_that_was_meant(state, capsys):
    assert main(["baseline", "save", "release-1", "one"]) == 0
    capsys.readouterr()
    code, _, err = said(capsys, "compare", "relaese-1", "two")
    assert code == 2
    assert err.endswith("found neither; did you mean release-1?\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["save", "v1"], "baseline save: expected NAME DIR, found 1; write smjax baseline save NAME DIR"),
        (["save"], "baseline save: expected NAME DIR, found neither; write smjax baseline save NAME DIR"),
        (["list", "v1"], "baseline list: expected nothing behind it, found more; write smjax baseline list"),
    ],
)
def test_a_wrong_request_is_one_line(arguments, line, capsys):
    assert said(capsys, "baseline", *arguments) == (2, "", f"smjax: {line}\n")
