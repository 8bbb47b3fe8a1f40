"""A run beside the newest earlier one of the same scenarios on the same machine."""

from __future__ import annotations

import os

import pytest

from smjax.report.compare import since_last
from smjax.report.render.grid import UNKNOWN
from smjax.report.render.markdown import markdown
from tests.report.compare.sweeps import noise, run, sweep
from tests.report.factory import failed, placed, read, run_folder
from tests.report.tables.test_run_table import cells

STEADY = noise(1, 8, 0.002)
NONE = "No earlier run of these scenarios on this machine."


def since(tmp_path, now, **earlier):
    """The Markdown of `now` beside runs in folders of these names."""
    for name, records in earlier.items():
        run_folder(tmp_path / name, records)
    folder = run_folder(tmp_path / "now", now)
    return told(read(now), folder, tmp_path)


def told(records, folder, root):
    return markdown([since_last.grid(records, since_last.find(records, folder, root))])


def earlier_run(day, centre=100, **changes):
    return run(noise(day, 8, 0.002, centre), run=f"day-{day}", day=day, **changes)


def now(factor=1.0, **changes):
    return run([factor * rate for rate in STEADY], run="now", day=28, **changes)


def history(centres):
    return {f"day-{day}": earlier_run(day, centre) for day, centre in enumerate(centres, 1)}


def test_the_newest_earlier_run_of_the_same_scenario_on_this_machine_counts(tmp_path):
    text = since(
        tmp_path,
        now(2),
        oldest=earlier_run(1, 50),
        newest=earlier_run(5, 100),
        later=run(noise(9, 8, 0.002, 800), run="later", day=29),
        elsewhere=earlier_run(6, 10, machine="elsewhere"),
        unknown=earlier_run(6, 10, machine=""),
        longer=earlier_run(6, 10, ctx=300),
        other=earlier_run(6, 10, model_hash="sha256:2"),
        broken=[placed(failed(kernel="native", date="2026-03-07T10:00:00Z"), 0, run="broken")],
    )
    (row,) = cells(text)
    assert (row["decode tok/s base"], row["new"], row["verdict"]) == ("100", "200", "faster")
    assert "base: newest, the newest before this one. How it is judged: docs/comparing.md." in text


def test_two_runs_of_one_thing_are_judged_by_how_runs_lie_apart(tmp_path):
    """3 % between two runs, each of which is sure of itself to 0.2 %, and runs that lie 3 % apart."""
    apart = since(tmp_path / "apart", now(1.03), **history([100, 104, 96, 101, 99, 103, 100]))
    assert cells(apart)[0]["verdict"] == "undecided"
    assert "degrees of freedom" in apart
    together = since(tmp_path / "together", now(1.03), **history([100, 100.2, 99.9, 100.1, 100, 99.8, 100]))
    assert cells(together)[0]["verdict"] == "faster"
    alone = since(tmp_path / "alone", now(1.03), **history([100]))
    assert "assumed, as too few are known in" in alone
    assert alone.count("docs/comparing.md") == 1


def test_each_scenario_has_its_own_newest_run_and_what_differs_is_named(tmp_path):
    both = {"xla": STEADY, "native": [2 * rate for rate in STEADY]}
    text = since(
        tmp_path,
        [*sweep("kernel", both, run="now", day=28, jaxlib="0.11.0"), *now(threads=2)],
        one=sweep("kernel", both, run="one", day=3),
        two=earlier_run(4, threads=2),
    )
    rows = cells(text)
    assert [(row["kernel"], row["threads"], row["decode tok/s base"]) for row in rows] == [
        ("xla", "1", "100"),
        ("native", "1", "200"),
        ("native", "2", "99.9"),
    ]
    assert [row["difference"] for row in rows] == ["jaxlib 0.10.2 → 0.11.0"] * 2 + [UNKNOWN]
    assert "base: two and one, the newest before this one." in text


def test_of_many_folders_only_some_are_named(tmp_path):
    names = {f"run-{threads}": earlier_run(threads, threads=threads) for threads in range(1, 6)}
    text = since(tmp_path, [one for threads in range(1, 6) for one in now(threads=threads)], **names)
    assert "base: run-5, run-4, run-3 and 2 others, the newest" in text


@pytest.mark.parametrize("root", ["", "missing"])
def test_without_an_earlier_run_it_is_one_line(tmp_path, root):
    folder = run_folder(tmp_path / "now", now())
    text = told(read(now()), folder, tmp_path / root)
    assert text.split("\n\n") == ["### Since the last run", f"{NONE}\n"]


def test_broken_earlier_records_are_skipped_and_counted(tmp_path):
    folder = run_folder(tmp_path / "broken", earlier_run(3)[:2])
    for path in (folder / "records").iterdir():
        path.write_text(path.read_text()[:100])
    text = since(tmp_path, now())
    assert NONE in text
    assert "- 2 earlier records skipped: cut or not readable." in text


def test_of_a_thousand_runs_the_newest_are_read(tmp_path, monkeypatch):
    """However they are named: by when their records were written."""
    monkeypatch.setattr("smjax.report.compare.earlier.MOST_BYTES", 24 * 32_000)
    runs = history(range(100, 110))
    for day, (name, records) in enumerate(runs.items(), 1):
        folder = run_folder(tmp_path / f"{10 - day}-{name}", records)
        os.utime(folder / "records", (day, day))
    text = since(tmp_path, now())
    assert "base: 0-day-10, the newest" in text
    assert "too few are known in the newest 3 runs of" in text
