"""The end of a run: its files, and what is shown."""

from __future__ import annotations

import io
import json

from rich.console import Console, Group

from smjax.report.render.markdown import markdown
from smjax.report.render.terminal import TerminalGrid
from smjax.report.tables.after_run import finish
from tests.report.factory import record, run_folder

EARLIER, NOW = (f"2026-03-0{day}T10:00:00+00:00" for day in (2, 3))


def test_finish_writes_and_shows_everything(tmp_path):
    point = {"n_gen": 128, "n_prompt": 128, "tokens_per_dispatch": 128}
    run_folder(tmp_path / "earlier", [record(date=EARLIER, **point)])
    folder = run_folder(tmp_path / "now", [record(date=NOW, **point)])
    report = finish(folder, "smallmind-2026-02", "Apple M2", tmp_path)
    names = ["records.jsonl", "summary.json", "summary.csv", "summary.md", "history.md", "report.html"]
    assert [path.relative_to(folder).name for path in report.paths] == names
    assert [one.title for one in report.grids] == [
        "x86_64 · AMD EPYC 9R14",
        "Beside SmallMind published results, February 2026",
        "1 thread, ctx 256, 128 tokens generated",
        "Since the last run",
    ]
    assert "Apple M2" in (folder / "history.md").read_text()
    assert (folder / "summary.md").read_text() in markdown(report.grids)
    console = Console(width=250, record=True, file=io.StringIO())
    console.print(Group(*map(TerminalGrid, report.grids)))
    assert all(one.title in console.export_text(clear=False) for one in report.grids)


def test_finish_keeps_the_figures_when_the_baseline_fits_nothing(tmp_path):
    folder = run_folder(tmp_path, [record()])
    report = finish(folder, "smallmind-2026-02", "Z80", None)
    assert len(json.loads((folder / "summary.json").read_text())["rows"]) == 1
    assert "Left out: baseline 'Z80'" in markdown(report.grids)
    assert len(report.paths) == 5
