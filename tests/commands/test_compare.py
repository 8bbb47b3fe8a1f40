"""`smjax compare` and `smjax regress` as they are typed: what they print, and their exit codes."""

from __future__ import annotations

import argparse
import io
import json
import re
import shutil

import pytest

from smjax.__main__ import main
from smjax.commands._comparing import share
from tests.report.compare.sweeps import noise, run, sweep
from tests.report.factory import failed, placed, run_folder

STEADY = noise(1, 8, 0.002)
KEYS = ["scenario", "metric", "base", "new", "ratio", "ratio_lo", "ratio_hi", "verdict", "detectable", "why"]


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """A sweep over kernels, of which native is 10 % faster, and runs of one: base, the same, and one 10 % slower."""
    monkeypatch.chdir(tmp_path)
    slower = [rate / 1.1 for rate in STEADY]
    run_folder(tmp_path / "sweep", sweep("kernel", {"xla": slower, "native": STEADY}))
    run_folder(tmp_path / "base", run(STEADY))
    run_folder(tmp_path / "copy", run(STEADY))
    run_folder(tmp_path / "same", run(noise(2, 8, 0.002), run="second", day=2))
    run_folder(tmp_path / "slow", run(slower, run="third", day=3))
    (tmp_path / "empty").mkdir()
    return tmp_path


def said(capsys, *arguments):
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def test_json_has_the_keys_of_the_contract(folders, capsys):
    code, out, err = said(capsys, "compare", "sweep", "--axis", "kernel", "--format", "json")
    assert (code, err) == (0, "")
    (row,) = json.loads(out)
    assert list(row) == KEYS
    assert row["scenario"]["threads"] == 1
    assert row["scenario"]["kernel"] == ["xla", "native"]
    assert (row["metric"], row["verdict"]) == ("decode_tok_per_s", "faster")
    assert row["ratio"] == pytest.approx(1.1, rel=1e-6)
    assert row["ratio_lo"] <= row["ratio"] <= row["ratio_hi"]
    assert row["why"].startswith("kernel xla → native")


def test_unknown_figures_are_null(folders, capsys):
    run_folder(folders / "one", run([100], run="fourth"))
    code, out, _ = said(capsys, "compare", "base", "one", "--format", "json")
    (row,) = json.loads(out)
    assert code == 0
    assert [row[name] for name in ("ratio", "ratio_lo", "ratio_hi", "detectable")] == [None] * 4
    assert (row["new"], row["verdict"], row["why"]) == (100, "undecided", "new: one process")


def test_markdown_is_a_table_of_as_many_cells_as_headings(folders, capsys):
    run_folder(folders / "odd", run(STEADY, run="fifth", label="a|b`<i>\x1b[31m\u202e\n# x"))
    code, out, _ = said(capsys, "compare", "base", "odd", "--format", "md")
    assert code == 0
    lines = out.splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1
    assert re.fullmatch(r"\|( -+:? \|)+", table[1])
    assert lines[0] == "### base → odd"
    assert not set(out) & {"\x1b", "\u202e"}
    assert "a\\|b\\`\\<i>" in out
    assert lines.count("# x") == 0


def test_text_is_drawn_on_a_terminal(folders, capsys, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    from smjax.report.compare.request import Request, answer
    from smjax.report.compare.tell import tell

    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    assert tell(answer(Request(["sweep"], "decode_tok_per_s", 0.02, "kernel")), "text") == 0
    assert "| ---" not in terminal.getvalue()
    assert "faster" in terminal.getvalue()


def test_other_metrics_are_better_or_worse_by_their_column(folders, capsys):
    for metric, verdict in (("ttft_ms", "same"), ("peak_rss_mb", "same"), ("e2e_tok_per_s", "faster")):
        code, out, _ = said(capsys, "compare", "sweep", "--axis", "kernel", "--format", "json", "--metric", metric)
        (row,) = json.loads(out)
        assert (code, row["metric"], row["verdict"]) == (0, metric, verdict)


def test_what_makes_no_difference_is_said(folders, capsys):
    for within, verdict in (("2%", "faster"), ("12 %", "same"), ("0.12", "same")):
        _, out, _ = said(capsys, "compare", "sweep", "--axis", "kernel", "--format", "json", "--within", within)
        assert json.loads(out)[0]["verdict"] == verdict


@pytest.mark.parametrize(
    ("text", "value"), [("3%", 0.03), ("3 %", 0.03), ("0.03", 0.03), (".5%", 0.005), ("0", 0), (" 2.5 % ", 0.025)]
)  # fmt: skip
def test_shares_are_written_as_people_write_them(text, value):
    assert share(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["3", "100%", "-1%", "", "%", "three", "nan", "inf", "3,5%", "3%%", "1e400", "٣%"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected a share such as 3%"):
        share(text)


TWO, GUARD = "expected BASE NEW, or DIR --axis NAME", "expected --baseline BASE NEW, or DIR --axis NAME"
ALONE = "expected it with two runs, found it without; leave it out"
AXIS = "expected an axis that the sweep varies, found none; it varies kernel"
OTHER = "expected another run than base, found the same records; for settings of one sweep write --axis NAME"
RUN = "expected a run folder or the name of a saved baseline"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("compare", f"compare: {TWO}, found none; write one of these"),
        ("compare base", f"compare: {TWO}, found 1; write one of these"),
        ("compare base slow same", f"compare: {TWO}, found 3; write one of these"),
        ("compare base slow --axis kernel", f"compare: {TWO}, found 2 and --axis; write one of these"),
        ("compare base slow --base x", "--base: expected it with --axis NAME, found it without; leave it out"),
        ("compare sweep --axis x --between-runs 1%", f"--between-runs: {ALONE}"),
        ("compare sweep --axis x --history x", f"--history: {ALONE}"),
        ("compare base slow --history x", "--history x: expected a folder of runs, found none; check the path"),
        ("compare base base/", f"base/: {OTHER}"),
        ("compare base copy", f"copy: {OTHER}"),
        ("compare base slwo", f"slwo: {RUN}, found neither; did you mean slow?"),
        (
            "compare base .",
            ".: expected another run than base, found 8 records of both; for settings of one sweep write --axis NAME",
        ),
        (
            "compare base empty",
            "empty: expected a run folder with records/*.json, found none; name a folder that a run wrote",
        ),
        ("compare base same,slwo", f"slwo: {RUN}, found neither; did you mean slow?"),
        (
            "compare sweep --axis ctx",
            "--axis ctx: expected an axis that the sweep varies, found none; it varies kernel",
        ),
        ("regress base", f"regress: {GUARD}, found 1; write one of these"),
        ("regress --baseline base", f"regress: {GUARD}, found 1; write one of these"),
        ("regress --baseline base x", f"x: {RUN}, found neither; check the path, or see smjax baseline list"),
    ],
)
def test_a_wrong_request_is_one_line_that_says_what_to_type(folders, capsys, arguments, line):
    assert said(capsys, *arguments.split()) == (2, "", f"smjax: {line}\n")


def test_a_side_is_one_run_or_several_or_all_below_a_folder(folders, capsys):
    for number in range(4):
        records = run(noise(number, 8, 0.002, 100 + number), run=f"fifth-{number}", day=number + 4)
        run_folder(folders / "many" / str(number), records)
    _, below, _ = said(capsys, "compare", "base", "many", "--format", "json")
    _, listed, _ = said(capsys, "compare", "base", "many/0,many/1,many/2,many/3,many/3/", "--format", "json")
    assert listed == below
    assert "new: 4 runs, 1.3 % apart" in json.loads(listed)[0]["why"]
    _, out, _ = said(capsys, "compare", "base", "many", "--format", "md")
    assert "| 1 and 4 runs |" in out
    (folders / "many").rename(folders / "many,0")
    assert said(capsys, "compare", "base", "many,0", "--format", "json")[1] == below, "a folder's name may have commas"
    code, _, err = said(capsys, "compare", "base", "many,0,same")
    assert (code, err.count("\n")) == (2, 1)
    shutil.copytree(folders / "base", folders / "again" / "base")
    twice = said(capsys, "compare", "base,again", "slow", "--format", "json")
    assert twice == said(capsys, "compare", "base", "slow", "--format", "json"), "a copy is no second run"


def test_several_runs_of_unknown_machines_are_one_line_and_exit_code_2(folders, capsys):
    for number in range(2):
        run_folder(folders / "old" / str(number), run(STEADY, run=f"old-{number}", day=number + 4, machine=""))
    code, out, err = said(capsys, "regress", "--baseline", "base", "old")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("smjax: a side of several runs: expected a machine that is known, found 2 of a machine like")


def test_an_unknown_metric_is_answered_with_the_one_that_was_meant(folders, capsys):
    code, out, err = said(capsys, "compare", "base", "slow", "--metric", "peak_rss")
    assert (code, out) == (2, "")
    assert err.endswith("did you mean peak_rss_mb?\n")
    code, _, err = said(capsys, "compare", "base", "slow", "--metric", "flags")
    assert code == 2
    assert "decode_tok_per_s" in err


def test_runs_that_have_no_scenario_in_common_are_no_comparison(folders, capsys):
    run_folder(folders / "other", run(STEADY, threads=2, run="sixth"))
    code, out, err = said(capsys, "compare", "base", "other")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "expected a scenario that both runs have" in err


def test_regress_exits_3_for_a_certain_slowdown_beyond_the_threshold(folders, capsys):
    given = ("--between-runs", "0.1%")
    code, out, _ = said(capsys, "regress", "--baseline", "base", "slow", *given)
    assert code == 3
    assert "Regression: tinystories-1m, 1 thread, ctx 256: certainly worse by more than 3 %." in out
    code, out, _ = said(capsys, "regress", "--baseline", "base", "same", *given)
    assert code == 0
    assert "No regression: nothing is worse by more than 3 %." in out
    assert said(capsys, "regress", "--baseline", "slow", "base", *given, "--strict")[0] == 0, "faster is no regression"
    assert said(capsys, "regress", "--baseline", "base", "slow", *given, "--threshold", "12%")[0] == 0
    assert said(capsys, "regress", "--baseline", "base", "slow", *given, "--metric", "ttft_ms")[0] == 0


def test_undecided_is_said_and_fails_only_where_it_is_to(folders, capsys):
    """Nothing is known of these runs: 9 % may lie between two of them by chance, as far as is assumed."""
    arguments = ("regress", "--baseline", "base", "slow", "--between-runs", "5%")
    code, out, _ = said(capsys, *arguments)
    assert code == 0
    assert "Undecided: tinystories-1m, 1 thread, ctx 256: it may be worse by more than 3 %, or not." in out
    assert said(capsys, *arguments, "--strict")[0] == 3


def test_regress_within_a_sweep(folders, capsys):
    code, out, _ = said(capsys, "regress", "sweep", "--axis", "kernel", "--base", "native")
    assert code == 3
    assert "Regression: tinystories-1m, 1 thread, ctx 256, kernel native → xla: certainly worse" in out
    assert said(capsys, "regress", "sweep", "--axis", "kernel", "--strict")[0] == 0


def test_two_runs_of_one_thing_are_no_regression_and_a_handicap_is_one(folders, capsys):
    assert said(capsys, "regress", "--baseline", "base", "same")[0] == 0
    records = sweep("label", {"a": STEADY, "b": [rate / 1.15 for rate in noise(3, 8, 0.02)]})
    for one in records:
        slowed = one["scenario"]["label"] == "b"
        one["scenario"] |= {"label": "", "measure": one["scenario"]["measure"] | {"handicap": 0.15 * slowed}}
    run_folder(folders / "handicap", records)
    code, out, _ = said(capsys, "regress", "handicap", "--axis", "measure.handicap")
    assert code == 3
    assert "Regression: tinystories-1m, 1 thread, ctx 256, measure.handicap 0.0 → 0.15: certainly worse" in out


def test_a_scenario_that_new_lacks_is_said_and_fails(folders, capsys):
    run_folder(folders / "base2", [*run(STEADY), *run(STEADY, threads=2)])
    given = ("--between-runs", "0.1%")
    code, out, _ = said(capsys, "regress", "--baseline", "base2", "same", *given)
    assert code == 1
    assert "Missing: tinystories-1m, 2 threads, ctx 256: new has no process of it that finished ok." in out
    broken = [placed(failed(replicate=n, kernel="native", threads=2), n, n, run="third") for n in (0, 1)]
    run_folder(folders / "slow", broken)
    code, out, _ = said(capsys, "regress", "--baseline", "base2", "slow", *given)
    assert code == 3, "the greatest, where several apply"
    run_folder(folders / "broken", broken)
    code, out, _ = said(capsys, "regress", "--baseline", "base2", "broken", *given)
    assert (code, out.count("Missing: ")) == (1, 2)


def test_a_figure_that_processes_lack_is_not_a_scenario_that_is_missing(folders, capsys):
    """Energy, which cannot be read everywhere, and memory at a time when it could not be."""
    without = run(STEADY, run="sixth", day=6)
    for one in without:
        one["memory"] |= {"steady_rss_bytes": 0}
    run_folder(folders / "without", without)
    given = ("--between-runs", "0.1%", "--metric")
    for base, new, metric, lacking in (
        ("base", "without", "steady_rss_mb", "new without steady_rss_mb"),
        ("without", "base", "steady_rss_mb", "base without steady_rss_mb"),
        ("base", "same", "energy_j_per_token", "base and new without energy_j_per_token"),
    ):
        code, out, _ = said(capsys, "regress", "--baseline", base, new, *given, metric)
        assert (code, "Missing" in out) == (0, False)
        assert f"Undecided: tinystories-1m, 1 thread, ctx 256: {lacking}." in out
        assert said(capsys, "regress", "--baseline", base, new, *given, metric, "--strict")[0] == 3
    run_folder(folders / "broken", [placed(failed(kernel="native"), 0, run="seventh")])
    code, out, _ = said(capsys, "regress", "--baseline", "base", "broken", *given, "energy_j_per_token")
    assert code == 1
    assert "new has no process of it that finished ok" in out


def test_json_of_regress_is_for_programs_and_people_read_stderr(folders, capsys):
    code, out, err = said(capsys, "regress", "sweep", "--axis", "kernel", "--base", "native", "--format", "json")
    assert code == 3
    assert [row["verdict"] for row in json.loads(out)] == ["slower"]
    assert err.startswith("smjax: Regression: ")


def test_a_damaged_record_is_said_and_the_others_are_compared(folders, capsys):
    (folders / "sweep" / "records" / "damaged.json").write_text("{")
    code, out, err = said(capsys, "compare", "sweep", "--axis", "kernel")
    assert code == 1
    assert "faster" in out
    assert "damaged.json" in err


def test_what_was_measured_before_in_outputs_is_the_history(folders, capsys):
    for number in range(6):
        earlier = run(noise(number, 8, 0.002, 100 + number % 2), run=f"earlier-{number}", day=number + 4)
        run_folder(folders / "outputs" / str(number), earlier)
    _, out, _ = said(capsys, "compare", "base", "slow")
    assert "by 5 degrees of freedom in outputs" in out
    _, named, _ = said(capsys, "compare", "base", "slow", "--history", "outputs")
    assert named == out
