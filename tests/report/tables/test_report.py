"""How a report is told: on a terminal, into a file, and where something could not be written."""

from __future__ import annotations

import json
import sys

from smjax.__main__ import main
from smjax.report.render import renderers
from smjax.report.tables.after_run import finish
from smjax.report.tables.rebuild import rebuild
from smjax.report.tables.report import tell
from tests.report.factory import record, run_folder


def test_what_cannot_be_written_is_complained_of_and_the_tables_are_told_all_the_same(tmp_path, capsys):
    one, two = (run_folder(tmp_path / name, [record(threads=n)]) for n, name in ((1, "one"), (2, "two")))
    (one / "summary.csv").mkdir()  # whoever may write anywhere cannot write this either
    assert main(["report", str(one), str(two)]) == 1
    said = capsys.readouterr()
    assert said.out.count("| measured | ok |") == 2
    assert said.err.startswith(f"smjax: {one}/summary.csv: ")
    assert said.err.count("\n") == 1
    assert str(one / "summary.md") not in said.out
    for name in ("records.jsonl", "summary.json", "summary.csv", "summary.md"):
        assert f"  {two / name}\n" in said.out
    assert len(json.loads((two / "summary.json").read_text())["rows"]) == 1


def test_a_report_is_told_as_its_run_was(tmp_path, capsys, monkeypatch):
    folder = run_folder(tmp_path, [record(), record(threads=2)])
    grids = finish(folder, None, None, None).grids
    for is_terminal in (False, True):
        monkeypatch.setattr("sys.stdout.isatty", lambda is_terminal=is_terminal: is_terminal)
        renderers.show(grids, sys.stdout)
        by_run = capsys.readouterr().out
        assert ("|" not in by_run) is is_terminal
        assert tell(rebuild([folder], None, None, None)) == 0
        by_report = capsys.readouterr().out
        assert by_report.startswith(by_run)


def test_a_broken_record_is_complained_of_and_the_others_are_reported(tmp_path, capsys):
    folder = run_folder(tmp_path / "run", [record(), record(threads=2)])
    whole, broken = sorted((folder / "records").iterdir())
    broken.write_text(broken.read_text()[:500])
    for arguments in ([str(folder)], [str(folder), "--out", str(tmp_path / "merged")]):
        assert main(["report", *arguments]) == 1
        said = capsys.readouterr()
        assert said.out.count("| measured | ok |") == 1
        assert said.err.startswith(f"smjax: {broken}: expected a whole JSON record, found ")
        assert said.err.count("\n") == 1
    whole.unlink()
    assert main(["report", str(folder)]) == 2
    assert capsys.readouterr().out == ""
