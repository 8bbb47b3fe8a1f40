"""Which run folders `smjax report` means by a folder above them."""

from __future__ import annotations

from pathlib import Path

import pytest

from smjax.__main__ import main
from smjax.commands.report import run_folders
from smjax.core.errors import RequestError
from tests.report.factory import record, run_folder


def made(folder: Path, day: int, **keys: object) -> Path:
    run_folder(folder, [record(date=f"2026-03-{day:02d}T10:00:00.000Z", **keys)])
    return folder


def test_run_folders_below_are_found_the_oldest_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    above = tmp_path / "above"
    newest, oldest, middle = made(above / "a", 9), made(above / "z" / "deep", 1), made(above / "m", 5)
    made(middle / "kept" / "copy", 2)  # a run folder's own affair
    (above / "notes").mkdir()
    assert run_folders([above]) == [oldest, middle, newest]
    assert capsys.readouterr() == ("", f"smjax: {above}: 3 run folders below: z/deep, m, a\n")


def test_a_run_folder_is_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, file = made(tmp_path / "run", 3), tmp_path / "published.json"
    file.write_text("{}")
    assert run_folders([run, file]) == [run, file]
    assert capsys.readouterr() == ("", "")


def test_a_folder_whose_records_cannot_be_read_is_found_too(tmp_path: Path) -> None:
    good, bad = made(tmp_path / "good", 3), made(tmp_path / "bad", 4)
    for path in (bad / "records").iterdir():
        path.write_text("[")
    assert run_folders([tmp_path]) == [bad, good]


def test_what_has_no_run_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs").mkdir()
    for named, line in (
        (["outputs"], r"outputs: expected a run folder with records/\*.json, found none, nor any below; name a folder"),
        (["output"], "output: expected a run folder, found no such folder; did you mean outputs?"),
        (["elsewhere"], "elsewhere: expected a run folder, found no such folder; check the path"),
        ([], "report: expected a run folder, found none; write smjax report outputs"),
    ):
        with pytest.raises(RequestError, match=line):
            run_folders([Path(name) for name in named])


def test_they_are_reported_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(tmp_path / "a", 1, threads=1)
    made(tmp_path / "b", 2, threads=2)
    assert main(["report", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert text.count(f"{tmp_path}/a/summary.csv") == text.count(f"{tmp_path}/b/summary.csv") == 1
