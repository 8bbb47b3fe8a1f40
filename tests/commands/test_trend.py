"""`smjax trend` as it is typed: what it prints, and its exit codes."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from smjax.__main__ import main
from tests.report.factory import failed, placed, run_folder
from tests.report.trend.histories import history, slower_from, written

KEYS = ["scenario", "metric", "runs", "spread", "steps", "detectable", "why"]
STEP = [
    *("since", "run", "before", "after", "ratio", "ratio_lo", "ratio_hi", "verdict", "runs_before", "runs_after"),
    *("changed", "changed_beside"),
]


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    """Twenty runs with a step at the twelfth, and three others."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("platformdirs.user_state_path", lambda name: tmp_path / "state" / name)
    jaxlib = lambda place: "0.11.0" if place >= 11 else "0.10.2"  # noqa: E731
    written(tmp_path / "outputs", history(20, slower_from(11), jaxlib=jaxlib))
    written(tmp_path / "few", history(3, slower_from(9), threads=4))
    return tmp_path


def said(capsys, *arguments):
    code = main(["trend", *arguments])
    return code, *capsys.readouterr()


def test_json_has_a_row_for_each_history(capsys):
    code, out, err = said(capsys, "outputs", "few", "--format", "json")
    assert (code, err) == (0, "")
    stepped, few = json.loads(out)
    assert list(stepped) == list(few) == KEYS
    assert (stepped["scenario"]["threads"], few["scenario"]["threads"]) == (1, 4)
    assert [len(row["runs"]) for row in (stepped, few)] == [20, 3]
    assert stepped["runs"][11]["date"] == "2026-03-12T10:00:00Z"
    (step,) = stepped["steps"]
    assert list(step) == STEP
    assert (step["run"], step["verdict"], step["runs_before"], step["runs_after"]) == ("run11", "slower", 11, 9)
    assert step["ratio_lo"] <= step["ratio"] <= step["ratio_hi"] < 0.95
    assert step["changed"] == {"jaxlib": ["0.10.2", "0.11.0"]}
    assert (few["steps"], few["spread"], few["detectable"]) == ([], None, None)
    assert few["why"] == "too few runs for any verdict: 3, of 8 at least"


def test_a_table_says_since_when_and_what_changed_there(capsys):
    code, out, err = said(capsys, "outputs", "few")
    assert (code, err) == (0, "")
    lines = [line for line in out.splitlines() if line.startswith("| tiny")]
    assert re.search(r"\| slower \| 2026-03-12 10:00 \| 100 \| 91\.\d \| 0\.9\d+ \|", lines[0])
    assert "11 and 9" in lines[0]
    assert "jaxlib 0.10.2 → 0.11.0" in lines[0]
    assert "no verdict" in lines[1]
    assert "too few runs for any verdict: 3, of 8 at least" in lines[1]


def test_no_step_says_what_would_have_been_found(folders, capsys):
    written(folders / "calm", history(12, slower_from(99), seed=2))
    code, out, _ = said(capsys, "calm", "--format", "md")
    assert code == 0
    assert re.search(r"\| no step \| 12 \| \d\.\d+ % \| \d\.\d+ % \|", out)


def test_where_nothing_changed_that_is_said_with_what_did_beside_it(folders, capsys):
    written(folders / "calm", history(20, slower_from(11)))
    assert "nothing that records know" in said(capsys, "calm")[1]
    late = history(20, slower_from(11), jaxlib=lambda place: "0.11.0" if place >= 12 else "0.10.2")
    written(folders / "late", late)
    assert "nothing that records know, a run later: jaxlib 0.10.2 → 0.11.0" in said(capsys, "late")[1]


def test_runs_are_named_in_any_way_and_each_counts_once(folders, capsys):
    main(["baseline", "save", "v1", "outputs/019"])
    shutil.copytree(folders / "outputs" / "018", folders / "copy")
    runs = [str(path) for path in sorted((folders / "outputs").iterdir())]
    capsys.readouterr()
    whole = said(capsys, "outputs", "--format", "json")
    assert said(capsys, *runs, "copy", "v1", "outputs", "--format", "json") == whole
    assert said(capsys, *runs[:19], "v1", "--format", "json") == whole


def test_other_metrics_have_other_steps(capsys):
    (row,) = json.loads(said(capsys, "outputs", "--metric", "tpot_ms", "--format", "json")[1])
    assert [step["verdict"] for step in row["steps"]] == ["slower"]
    (row,) = json.loads(said(capsys, "outputs", "--metric", "ttft_ms", "--format", "json")[1])
    assert (row["steps"], row["spread"], row["detectable"]) == ([], 0, 0)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "trend: expected folders of runs, found none; write smjax trend outputs"),
        (["nowhere"], "nowhere: expected a run folder or the name of a saved baseline, found neither"),
        (["empty"], "empty: expected a run folder, or one above several, found none"),
        (["broken"], "broken: expected a run folder, or one above several, "),
        (["failed"], "trend: expected runs that have decode_tok_per_s, found none"),
        (["outputs", "--metric", "decode"], "--metric decode: expected one of"),
        (
            ["outputs", "--metric", "energy_j_per_token"],
            "trend: expected runs that have energy_j_per_token, found none",
        ),
    ],
)
def test_a_wrong_request_is_one_line_and_exit_code_2(folders, capsys, arguments, told):
    (folders / "empty").mkdir()
    run_folder(folders / "failed", [placed(failed(), 0)])
    (folders / "broken" / "records").mkdir(parents=True)
    (folders / "broken" / "records" / "a.json").write_text("{")
    code, out, err = said(capsys, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_damaged_records_are_named_and_the_others_count(folders, capsys):
    (folders / "outputs" / "003" / "records" / "bad.json").write_text("[]")
    (folders / "outputs" / "new" / "records").mkdir(parents=True)
    (folders / "outputs" / "new" / "records" / "bad.json").write_text("\x1b[31m")
    code, out, err = said(capsys, "outputs")
    assert code == 1
    assert "11 and 9" in out
    assert err.count("bad.json") == 2
    assert "\x1b" not in err


def test_what_records_hold_reaches_no_terminal_as_it_is(folders, capsys):
    nasty = "a|b`<i>\x1b[31m\u202e\n# x"
    odd = history(20, slower_from(11), label=nasty, jaxlib=lambda place: nasty if place >= 11 else "0.10.2")
    written(folders / "odd", odd)
    for form in ("md", "text"):
        code, out, _ = said(capsys, "odd", "--format", form)
        assert code == 0
        assert not set(out) & {"\x1b", "\u202e"}
        assert "# x" not in out.splitlines()
        table = [line for line in out.splitlines() if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1
