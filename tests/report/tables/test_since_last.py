"""A run against the one before it, and the end of a run."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console, Group

from smjax.report.render.grid import UNKNOWN
from smjax.report.render.markdown import markdown
from smjax.report.render.terminal import TerminalGrid
from smjax.report.tables import since_last
from smjax.report.tables.after_run import finish
from tests.report.factory import failed, identified, processes, record, run_folder, sample, scenarios
from tests.report.tables.test_run_table import cells

EARLIEST, EARLIER, NOW = (f"2026-03-0{day}T10:00:00+00:00" for day in (1, 2, 3))
STEADY = [sample(ms) for ms in (1000, 1000, 800, 1250, 1000)]  # 100, 100, 125, 80, 100 tok/s


def since(tmp_path, now, *runs):
    """The Markdown of `now` against `runs` in folders of their own."""
    for number, records in enumerate(runs):
        run_folder(tmp_path / f"day-{number}" / "run", records)
    folder = run_folder(tmp_path / "now", now)
    return markdown([since_last.comparison(scenarios(now), folder, tmp_path)])


def test_newest_earlier_run_of_the_same_scenario_counts(tmp_path):
    text = since(
        tmp_path,
        [record([sample(500)], date=NOW)],
        [record([sample(1000)], date=EARLIER)],
        [record([sample(250)], date=EARLIEST)],
        [record([sample(125)], date=EARLIER, host="bbbbbbbbbbbb")],
        [record([sample(125)], date=EARLIER, ctx=512)],
        [record([sample(125)], date=EARLIER, model_hash="sha256:2")],
        [record([sample(125)], date="2026-03-04T10:00:00+00:00")],
        [failed(date=EARLIER)],
    )
    (row,) = cells(text.replace("| now | change |", "| decode now | decode change |", 1))
    assert (row["decode tok/s before"], row["decode now"], row["decode change"]) == ("100", "200", "+100.0 %")
    assert row["else differs"] == "nothing"
    assert "day-0/run" in text


@pytest.mark.parametrize(
    ("now", "before", "verdict"),
    [
        # Fewer than four samples: the larger of the two ranges. 100..125 is 25 wide.
        ([sample(1000), sample(800)], [sample(800)], "within"),  # medians 112.5 and 125
        ([sample(1000), sample(800)], [sample(500)], "outside"),  # 112.5 and 200
        ([sample(1000)], [sample(1000)], "unknown"),
        # From four samples on: quartiles of 80 100 100 100 125 are 100 and 100, so their range is 0.
        (STEADY, STEADY, "within"),
        (STEADY, [sample(990)] * 4, "outside"),
        # Quartiles of 80 100 100 125 are 95 and 106.25: a range of 11.25, and medians 100 and 110 or 112.36.
        ([sample(ms) for ms in (1250, 1000, 1000, 800)], [sample(100_000 / 110)] * 4, "within"),
        ([sample(ms) for ms in (1250, 1000, 1000, 800)], [sample(890)] * 4, "outside"),
    ],
)
def test_within_the_spread_of_the_samples(tmp_path, now, before, verdict):
    text = since(tmp_path, [record(now, date=NOW)], [record(before, date=EARLIER)])
    assert cells(text.replace("| verdict |", "| decode verdict |", 1))[0]["decode verdict"] == verdict
    assert "interquartile" in text


def test_ttft_has_its_own_verdict(tmp_path):
    now = [sample(1000, ttft_ms=ms) for ms in (100, 110)]
    before = [sample(1000, ttft_ms=ms) for ms in (84, 84)]
    row = cells(since(tmp_path, [record(now, date=NOW)], [record(before, date=EARLIER)]))[0]
    assert (row["TTFT ms before"], row["now"], row["change"], row["verdict"]) == ("84.0", "105", "+25.0 %", "outside")


def test_of_the_newest_run_the_most_alike_row_counts_and_differences_are_named(tmp_path):
    native = record([sample(250)], date=EARLIER)
    native["resolved"] = native["resolved"] | {"kernel": "native"}
    old = [record([sample(500)], date=EARLIER, jaxlib="0.10.1"), native | {"id": "native"}]
    text = since(tmp_path, [record(date=NOW)], old, [record(date=EARLIEST)])
    assert [(row["decode tok/s before"], row["else differs"]) for row in cells(text)] == [
        ("200", "jaxlib 0.10.1 → 0.10.2")
    ]
    alike = since(tmp_path / "b", [record(date=NOW)], [*old, record([sample(800)], date=EARLIER)])
    assert [(row["decode tok/s before"], row["else differs"]) for row in cells(alike)] == [("125", "nothing")]


def test_broken_earlier_records_are_skipped_and_counted(tmp_path):
    folder = run_folder(tmp_path / "broken", [record(date=EARLIER), record(date=EARLIER, threads=2)])
    for path in (folder / "records").iterdir():
        path.write_text(path.read_text()[:100])
    text = since(tmp_path, [record(date=NOW)])
    assert "No earlier run of these scenarios on this host." in text
    assert "- 2 earlier records skipped: cut or not readable." in text
    both = since(tmp_path, [record(date=NOW), record(date=NOW, threads=2)], [record(date=EARLIER)])
    assert len(cells(both)) == 1
    assert "- 1 scenario has no earlier run on this host." in both


def test_first_run_of_all_and_missing_root(tmp_path):
    now = [record(date=NOW)]
    assert "No earlier run" in since(tmp_path, now)
    assert since_last.comparison(scenarios(now), tmp_path, tmp_path / "missing").rows == ()


def test_finish_writes_and_shows_everything(tmp_path):
    point = {"n_gen": 128, "n_prompt": 128, "tokens_per_dispatch": 128}
    run_folder(tmp_path / "earlier", [record(date=EARLIER, **point)])
    folder = run_folder(tmp_path / "now", [record(date=NOW, **point)])
    report = finish(folder, "smallmind-2026-02", "Apple M2", tmp_path)
    names = ["records.jsonl", "summary.json", "summary.csv", "summary.md", "history.md"]
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
    assert len(report.paths) == 4


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        # By scipy: ttest_ind(log(now), log(before), equal_var=False).confidence_interval()
        ([[200], [202], [198]], [[100], [101], [99]], "real (+95.5 to +104.6 %)"),
        ([[90], [91], [89.5]], [[100], [101], [99]], "real (-11.7 to -7.9 %)"),
        ([[100], [104], [97]], [[100], [101], [99]], "not distinguishable (-7.3 to +8.6 %)"),
        ([[100], [100]], [[100], [100]], "not distinguishable (+0.0 to +0.0 %)"),
        # Many samples do not replace a second process.
        ([[200] * 9], [[100], [101], [99]], "outside"),
    ],
)
def test_two_processes_on_both_sides_are_judged_by_the_interval_of_their_ratio(tmp_path, now, before, told):
    text = since(tmp_path, processes(now, date=NOW), processes(before, date=EARLIER))
    assert cells(text.replace("| verdict |", "| decode verdict |", 1))[0]["decode verdict"] == told


def test_a_change_of_the_sources_is_named(tmp_path):
    now, before = identified(record(date=NOW), "b"), identified(record(date=EARLIER), "a")
    assert cells(since(tmp_path, [now], [before]))[0]["else differs"] == "sources aaaaaaaa → bbbbbbbb"
    older = record(date=EARLIER)
    assert cells(since(tmp_path / "older", [now], [older]))[0]["else differs"].startswith(
        f"sources {UNKNOWN} → bbbbbbbb"
    )
