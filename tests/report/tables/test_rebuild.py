"""Tables and summaries once more from records: the same bytes, of one folder or of many merged."""

from __future__ import annotations

import contextlib
import json

import pytest

from smjax.__main__ import main
from smjax.core.errors import RequestError
from smjax.report.render.markdown import markdown
from smjax.report.tables.after_run import finish
from smjax.report.tables.rebuild import rebuild
from tests.report.compare.sweeps import noise, sweep
from tests.report.factory import GRAVITON, failed, record, run_folder, sample

SUMMARIES = ["records.jsonl", "summary.json", "summary.csv", "summary.md", "report.html"]


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_rebuilding_gives_the_same_bytes_and_leaves_records_alone(tmp_path):
    folder = run_folder(tmp_path / "run", [record(), record(threads=2), failed(threads=4)])
    before = contents(folder)
    done = rebuild([folder], None, None, None)
    first = contents(folder)
    assert rebuild([folder], None, None, None) == done
    assert contents(folder) == first
    assert sorted(first.keys() - before.keys()) == sorted(SUMMARIES)
    assert {name: first[name] for name in before} == before


def test_two_machines_merge_into_one_table_per_architecture(tmp_path):
    epyc = run_folder(tmp_path / "epyc", [record([sample(1000)])])
    arm = run_folder(tmp_path / "arm", [record([sample(500)], machine=GRAVITON, host="bbbbbbbbbbbb")])
    other = run_folder(tmp_path / "other", [record([sample(250)], host="cccccccccccc")])
    text = markdown(rebuild([epyc, arm, other], tmp_path / "merged", None, None).grids)
    assert [line for line in text.splitlines() if line.startswith("###")] == [
        "### arm64 · Neoverse-V2",
        "### x86_64 · AMD EPYC 9R14",
    ]
    rows = json.loads((tmp_path / "merged" / "summary.json").read_text())["rows"]
    assert [(row["host"][0], row["decode_tok_per_s"]) for row in rows] == [("b", 200), ("a", 100), ("c", 400)]
    assert not (epyc / "summary.csv").exists()
    assert (tmp_path / "merged" / "summary.md").read_text() in text


def test_two_runs_are_two_rows_though_no_record_says_its_run(tmp_path):
    first = run_folder(tmp_path / "first", [record([sample(1000)])])
    second = run_folder(tmp_path / "second", [record([sample(500)], date="2026-03-02T10:00:00+00:00")])
    text = markdown(rebuild([first, second], tmp_path / "merged", None, None).grids)
    rows = json.loads((tmp_path / "merged" / "summary.json").read_text())["rows"]
    assert [(row["run"], row["decode_tok_per_s"]) for row in rows] == [("first", 100), ("second", 200)]
    assert "| run |" in text
    rebuild([first], None, None, None)
    assert json.loads((first / "summary.json").read_text())["rows"][0]["run"] is None  # wherever the folder lies


def test_many_folders_without_out_each_get_their_own_summaries(tmp_path):
    one = run_folder(tmp_path / "one", [record()])
    two = run_folder(tmp_path / "two", [record(threads=2)])
    rebuild([one, two, one], None, None, None)
    assert [len(json.loads((folder / "summary.json").read_text())["rows"]) for folder in (one, two)] == [1, 1]


def test_merged_summary_does_not_go_into_a_run_folder(tmp_path):
    one = run_folder(tmp_path / "one", [record()])
    two = run_folder(tmp_path / "two", [record(threads=2)])
    with pytest.raises(RequestError, match="without records of its own"):
        rebuild([one, two], one, None, None)
    (tmp_path / "file").write_text("precious")
    with pytest.raises(RequestError, match=r"--out .*file: expected a folder, found something else"):
        rebuild([one, two], tmp_path / "file", None, None)
    with pytest.raises(RequestError, match="at least one run folder"):
        rebuild([], None, None, None)


def test_a_pool_of_runs_is_written_nowhere_but_where_it_is_asked_for(tmp_path):
    made = [run_folder(tmp_path / run, [record() | {"run": run, "machine": "here"}]) for run in ("one", "two")]
    before = [contents(folder) for folder in made]
    assert rebuild(made, None, None, None, is_pooled=True).paths == ()
    assert rebuild(made[:1], None, None, None, is_pooled=True).paths == ()
    assert [contents(folder) for folder in made] == before
    merged = tmp_path / "merged"
    assert {path.name for path in rebuild(made, merged, None, None, is_pooled=True).paths} == set(SUMMARIES)
    (row,) = json.loads((merged / "summary.json").read_text())["rows"]
    assert (row["run"], row["replicates"], row["flags"]) == ("one;two", 2, "runs-pooled")
    assert [contents(folder) for folder in made] == before
    with pytest.raises(RequestError, match="without records of its own"):
        rebuild(made[:1], made[0], None, None, is_pooled=True)


@pytest.mark.parametrize("how", [["--pool", "run"], ["--pool=machines"], ["--pool"], ["--pool", "runs", "--audit"]])
def test_another_pool_is_refused_in_a_line(tmp_path, capsys, how):
    folder = run_folder(tmp_path / "run", [record()])
    with contextlib.suppress(SystemExit):
        assert main(["report", str(folder), *how]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "--pool" in said.err


STEADY = noise(1, 8, 0.002)
KERNELS = {"xla": STEADY, "native": [2 * rate for rate in STEADY]}


@pytest.mark.parametrize(("axis", "values"), [("kernel", ("xla", "native")), ("isa", ("avx2", "avx512"))])
def test_ratios_within_a_sweep_are_in_its_summary_and_come_back(tmp_path, axis, values):
    folder = run_folder(tmp_path / "run", sweep(axis, dict(zip(values, KERNELS.values(), strict=True))))
    shown = markdown(finish(folder, None, None, None).grids)
    before = contents(folder)
    assert f"### By {axis}\n" in (folder / "summary.md").read_text()
    assert markdown(rebuild([folder], None, None, None).grids) == shown
    assert contents(folder) == before


def test_ratios_of_several_sweeps_stay_within_each(tmp_path):
    runs = ("20261127T164812Z-ab12cd", "20261127T170001Z-ff12cd")
    folders = [run_folder(tmp_path / run, sweep("kernel", KERNELS, run=run)) for run in runs]
    folders.append(run_folder(tmp_path / "plain", sweep("kernel", {"xla": STEADY}, run="plain")))
    merged = rebuild(folders, tmp_path / "merged", None, None)
    titles = [grid.title for grid in merged.grids]
    assert titles[1:] == ["By kernel, run 2026-11-27 16:48", "By kernel, run 2026-11-27 17:00"]
    assert (tmp_path / "merged" / "summary.md").read_text() == markdown(merged.grids)
    rebuild(folders, None, None, None)
    assert ["### By kernel\n" in (folder / "summary.md").read_text() for folder in folders] == [True, True, False]
    pool = rebuild(folders, tmp_path / "pool", None, None, is_pooled=True)
    assert not any(grid.title.startswith("By ") for grid in pool.grids), "a row of it is of several sweeps"
