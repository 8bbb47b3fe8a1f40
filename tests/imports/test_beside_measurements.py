"""Imports where run folders are read: reports, audits, comparisons and histories take them for what they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smjax.__main__ import main
from smjax.core.records.folder import load_records
from smjax.report.compare.fields import differences
from tests.imports.importing import DATA, imported, one_test, refused, rows
from tests.report.factory import record, run_folder, sample

FILE = DATA / "llama-bench.jsonl"
ANSWER = ("--as", "answer", "--n-prompt", "16", "--n-gen", "8")


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """Two processes of llama.cpp of the scenario of a test of llama-bench: 16 tokens at a depth of 128."""
    asked = {"engine": "llama_cpp", "ctx": 144, "n_prompt": 128, "n_gen": 16, "tokens_per_dispatch": 1}
    answer = sample(15, 20) | {"choice_ns": 10**6}
    return run_folder(tmp_path / "measured", [record([answer] * 5, replicate=number, **asked) for number in (0, 1)])


def run_of(path: Path, prefill_ns: int) -> Path:
    """A file of one test with three repetitions."""
    path.write_text(json.dumps(one_test(samples_ns=[prefill_ns + n for n in range(3)], samples_ts=...)))
    return path


@pytest.mark.parametrize("form", ["jsonl", "csv", "md"])
def test_a_report_has_both_and_pools_neither(
    form: str, measured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs, merged = tmp_path / "theirs", tmp_path / "merged"
    count = len(imported("llama-bench", DATA / f"llama-bench.{form}", theirs))
    capsys.readouterr()
    assert main(["report", str(measured), str(theirs), "--out", str(merged)]) == 0
    shown = capsys.readouterr().out
    assert ("### unknown architecture" in shown) == (form == "md"), "which has no CPU"
    found = json.loads((merged / "summary.json").read_text())["rows"]
    assert sorted(row["provenance"] for row in found) == ["imported"] * count + ["measured"]


def test_what_an_import_has_written_is_what_a_report_writes_anew(tmp_path: Path) -> None:
    imported("llama-bench", FILE, tmp_path)
    before = (tmp_path / "summary.csv").read_bytes(), (tmp_path / "summary.md").read_bytes()
    assert main(["report", str(tmp_path)]) == 0
    assert before == ((tmp_path / "summary.csv").read_bytes(), (tmp_path / "summary.md").read_bytes())


@pytest.mark.parametrize(
    "options", [("--audit",), ("--history", "smallmind-2026-02", "--out"), ("--pool", "runs", "--out")]
)
def test_other_reports_of_imports_work(options: tuple[str, ...], tmp_path: Path) -> None:
    for form in ("jsonl", "md"):
        imported("llama-bench", DATA / f"llama-bench.{form}", tmp_path / form)
    imported("pyperf", DATA / "pyperf.json", tmp_path / "pyperf", *ANSWER)
    imported("optimum-benchmark", DATA / "optimum-benchmark", tmp_path / "optimum")
    folders = [str(tmp_path / name) for name in ("jsonl", "md", "pyperf", "optimum")]
    out = [str(tmp_path / "out")] if options[-1] == "--out" else []
    assert main(["report", *folders, *options, *out]) == 0


def test_without_its_model_an_import_pairs_with_no_measurement(
    measured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    imported("llama-bench", FILE, tmp_path / "theirs")
    line = refused(capsys, "compare", str(tmp_path / "theirs"), str(measured), "--metric", "forward_tok_per_s")
    named = "model shakespeare-q4_0.gguf \N{RIGHTWARDS ARROW} sha256:1; say which"
    assert line.startswith(f"compare: expected a scenario that both runs have, found none: {named}")
    assert line.endswith("smjax import … --model FILE.gguf")


def test_with_its_model_it_does(measured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records = imported("llama-bench", FILE, tmp_path / "theirs")
    for one in records:
        path = tmp_path / "theirs" / "records" / f"{one.id}.json"
        document = json.loads(path.read_text())
        document["model"]["hash"] = "sha256:1"
        path.write_text(json.dumps(document))
    capsys.readouterr()
    command = ["compare", str(tmp_path / "theirs"), str(measured), "--metric", "forward_tok_per_s", "--format", "json"]
    assert main(command) == 0
    (pair,) = [one for one in json.loads(capsys.readouterr().out) if one["new"] is not None]
    assert (pair["scenario"]["n_prompt"], pair["scenario"]["n_gen"]) == (128, 16)
    assert pair["new"] == pytest.approx(15 / 0.014)
    assert pair["ratio_lo"] is None, "one process has no interval"
    assert "base: one process" in pair["why"]
    assert "provenance imported → measured" in pair["why"]
    assert "seed" not in pair["why"], "which nobody knows of the import"
    assert "definitions no-id-chosen \N{RIGHTWARDS ARROW} smjax's" in pair["why"]
    assert "isa" not in pair["why"]


def test_an_axis_of_an_import_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "two.jsonl"
    path.write_text("\n".join(json.dumps(one_test(flash_attn=value)) for value in (0, 1)))
    imported("llama-bench", path, tmp_path / "out")
    capsys.readouterr()
    command = ["--axis", "engine_args.flash_attn", "--metric", "prefill_tok_per_s", "--format", "json"]
    assert main(["compare", str(tmp_path / "out"), *command]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["verdict"], one["ratio"]) == ("undecided", None)
    assert one["base"] == one["new"]


def test_no_table_of_ratios_is_drawn_without_a_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "two.jsonl"
    path.write_text("\n".join(json.dumps(one_test(flash_attn=value)) for value in (0, 1)))
    imported("llama-bench", path, tmp_path / "out")
    assert "By engine" not in capsys.readouterr().out


def test_processes_of_pyperf_are_compared_though_nobody_knows_their_threads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--as", "decode", "--n-prompt", "16", "--n-gen", "9")
    whole = json.loads((DATA / "pyperf.json").read_text())
    for run in whole["benchmarks"][0]["runs"]:
        run["values"] = [2 * value for value in run["values"]]
    (tmp_path / "slow.json").write_text(json.dumps(whole))
    imported("pyperf", DATA / "pyperf.json", tmp_path / "base", *options)
    imported("pyperf", tmp_path / "slow.json", tmp_path / "new", *options)
    capsys.readouterr()
    assert main(["compare", str(tmp_path / "base"), str(tmp_path / "new"), "--format", "json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["ratio"], one["scenario"]["threads"]) == (pytest.approx(0.5), None)
    assert one["verdict"] == "slower"
    assert "an unknown number of threads" in one["why"]
    assert "machine not known: told apart by " in one["why"]
    assert "told apart by  alone" not in one["why"]
    assert "smjax run" not in one["why"], "which would not measure it"
    assert main(["regress", "--baseline", str(tmp_path / "base"), str(tmp_path / "new")]) == 3


def test_files_of_one_machine_are_runs_of_one_thing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(9):
        path = run_of(tmp_path / f"{number}.jsonl", 10**6 + 1000 * number)
        imported("llama-bench", path, tmp_path / "runs" / str(number), "--machine", "ours")
    folders = [str(tmp_path / "runs" / str(number)) for number in range(9)]
    capsys.readouterr()
    assert main(["report", *folders, "--pool", "runs", "--out", str(tmp_path / "out")]) == 0
    (row,) = json.loads((tmp_path / "out" / "summary.json").read_text())["rows"]
    assert row["prefill_tok_per_s"] == pytest.approx(64e9 / 1_004_001)
    assert "9/9" in capsys.readouterr().out, "runs and processes"
    metric = ["--metric", "prefill_tok_per_s", "--format", "json"]
    assert main(["trend", *folders, *metric]) == 0
    (history,) = json.loads(capsys.readouterr().out)
    assert len(history["runs"]) == 9
    sides = [",".join(folders[:4]), ",".join(folders[4:])]
    assert main(["compare", *sides, *metric]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert one["ratio_lo"] < one["ratio"] < one["ratio_hi"]


def test_an_import_is_saved_as_a_baseline_like_any_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smjax.core.records.baselines.home", lambda: tmp_path / "baselines")
    imported("llama-bench", FILE, tmp_path / "out")
    assert main(["baseline", "save", "theirs", str(tmp_path / "out")]) == 0
    assert rows(load_records([tmp_path / "baselines" / "theirs"]).records) == rows(
        load_records([tmp_path / "out"]).records
    )


@pytest.mark.parametrize("name", ["summary.json", "summary.csv", "records.jsonl", "records"])
@pytest.mark.parametrize("command", [["report"], ["compare", "BASE"], ["trend"], ["baseline", "save", "name"]])
def test_what_is_derived_from_records_is_answered_with_their_folder(
    command: list[str], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    imported("llama-bench", FILE, tmp_path / "run")
    imported("llama-bench", DATA / "llama-bench.md", tmp_path / "base")
    words = [str(tmp_path / "base") if word == "BASE" else word for word in command]
    line = refused(capsys, *words, str(tmp_path / "run" / name))
    assert line.endswith(f"; name the folder itself, {tmp_path / 'run'}")
    assert line.startswith(f"{tmp_path / 'run' / name}: expected a run folder")


def test_a_summary_is_no_published_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported("llama-bench", FILE, tmp_path)
    line = refused(capsys, "report", str(tmp_path), "--history", str(tmp_path / "summary.json"))
    assert "expected published results, found a summary of smjax; name its folder beside the others" in line


@pytest.mark.parametrize("tool", ["llama-bench", "pyperf"])
@pytest.mark.parametrize("name", ["summary.json", "summary.csv", "summary.md", "records.jsonl"])
def test_our_own_files_are_no_other_tool_s(
    name: str, tool: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    imported("llama-bench", FILE, tmp_path / "run")
    options = ANSWER if tool == "pyperf" else ()
    line = refused(capsys, "import", tool, str(tmp_path / "run" / name), *options, "--out", str(tmp_path / "out"))
    assert line.startswith(f"{tmp_path / 'run' / name}: ")
    assert not (tmp_path / "out").exists()


def test_objects_in_objects_in_objects_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = json.dumps(one_test())
    deep = f'"deep": {"[" * 900}{"]" * 900}, '
    (tmp_path / "a").write_text("{" + deep + text[1:])
    assert "a: " in refused(capsys, "import", "llama-bench", str(tmp_path / "a"), "--out", str(tmp_path / "out"))


def test_imports_of_two_models_are_no_pair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of neither the content is known; the names are others."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(json.dumps(one_test(model_filename=f"models/{name}.gguf")))
        imported("llama-bench", tmp_path / name, tmp_path / "runs" / name, "--machine", "ours")
    sides = [str(tmp_path / "runs" / name) for name in "ab"]
    line = refused(capsys, "compare", *sides, "--metric", "prefill_tok_per_s")
    assert line.endswith("none: model a.gguf \N{RIGHTWARDS ARROW} b.gguf; measure the same, or name other runs")
    assert main(["trend", *sides, "--metric", "prefill_tok_per_s", "--format", "json"]) == 0
    assert [len(history["runs"]) for history in json.loads(capsys.readouterr().out)] == [1, 1]
    assert main(["report", *sides, "--baseline", "model=a.gguf"]) == 0
    assert "model a.gguf \N{RIGHTWARDS ARROW} b.gguf" in capsys.readouterr().out, "as it was asked for by name"
    assert main(["report", *sides, "--baseline", f"run={run_in(tmp_path / 'runs' / 'a')}"]) == 0
    assert "no baseline of its point" in capsys.readouterr().out


def run_in(folder: Path) -> str:
    return load_records([folder]).records[0].run


def test_settings_and_definitions_that_differ_are_named(
    measured: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metric = ["--metric", "prefill_tok_per_s", "--format", "json"]
    for value, name in ((512, "a"), (64, "b")):
        (tmp_path / name).write_text(json.dumps(one_test(n_ubatch=value)))
        imported("llama-bench", tmp_path / name, tmp_path / "runs" / name)
    capsys.readouterr()
    assert main(["compare", *(str(tmp_path / "runs" / name) for name in "ab"), *metric]) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert "n_ubatch 512 \N{RIGHTWARDS ARROW} 64" in one["why"]
    assert "n_batch" not in one["why"]
    assert "definitions" not in one["why"]
    assert "\N{EN DASH}" not in one["why"], "what is not known is no difference"
    assert "smjax run" not in one["why"], "which would measure something else"
    base, new = load_records([measured]).records[:1], load_records([tmp_path / "runs" / "a"]).records
    assert differences(base, new)["definitions"] == ("smjax's", "no-id-chosen")
