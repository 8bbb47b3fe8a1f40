"""Ratios of rows to a baseline among them: which row it is, how certain the ratio is, and what else differs."""

from __future__ import annotations

import pytest

from smjax.__main__ import main
from smjax.core.errors import RequestError
from smjax.core.records.scenario import Measure
from smjax.report.data.pool import pool_runs
from smjax.report.data.rows import scenarios
from smjax.report.render.grid import TIMES
from smjax.report.render.markdown import markdown
from smjax.report.tables import run_table
from smjax.report.tables.after_run import finish
from smjax.report.tables.against import against
from smjax.report.tables.baseline import bases
from tests.report.compare.sweeps import noise, sweep
from tests.report.factory import GRAVITON, failed, read, record, run_folder, sample

STEADY = noise(1, 8, 0.002)
ENGINES = {"smjax": [3 * rate for rate in STEADY], "llama_cpp": STEADY}
CHOSEN = {"smjax": ("native", "float16"), "llama_cpp": ("ggml", "float16")}


def engines(rates=ENGINES, **changes):
    """A sweep over engines, each with a kernel of its own."""
    return [of_engine(one) for one in sweep("engine", rates, **changes)]


def of_engine(one):
    engine = one["scenario"]["engine"]
    kernel, kv_dtype = CHOSEN[engine]
    told = {"resolved": {"kernel": kernel, "isa": "avx512", "kv_dtype": kv_dtype}}
    return one | told | {"id": f"{engine} {one['id']}", "identity": f"{engine} {one['identity']}"}


def two_points(**changes):
    halved = {name: [rate / 2 for rate in rates] for name, rates in ENGINES.items()}
    return [*engines(**changes), *engines(halved, threads=2, **changes)]


def tables(made, baseline):
    rows = scenarios(made)
    return run_table.grids(rows, against(rows.to_dicts(), made, baseline))


def shown(records, baseline):
    made = read(records)
    return markdown(tables(made, baseline)[:1])


def ratios(records, baseline, *names):
    """What stands right of decode tok/s, by what tells rows apart."""
    lines = [line for line in shown(records, baseline).splitlines() if line.startswith("| ")]
    heading, _, *rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    places = [heading.index(name) for name in names]
    column = heading.index("decode tok/s") + 1
    assert heading[column] == TIMES
    return {tuple(row[place] for place in places) if places[1:] else row[places[0]]: row[column] for row in rows}


def test_each_row_stands_beside_the_baseline_of_its_own_point():
    """Three times as fast in every block, so that the blocks' ratios do not differ at all."""
    found = ratios(two_points(), "engine=llama_cpp", "engine", "threads")
    assert {key: text.partition("0000")[0] for key, text in found.items()} == {
        ("llama_cpp", "1"): "baseline",
        ("llama_cpp", "2"): "baseline",
        ("smjax", "1"): "3.000 ±0.",
        ("smjax", "2"): "3.000 ±0.",
    }


def test_a_point_that_is_named_is_every_row_s_baseline():
    found = ratios(two_points(), "threads=1", "engine", "threads")
    assert [found[engine, "1"] for engine in ENGINES] == ["baseline", "baseline"]
    assert [found[engine, "2"].split()[0] for engine in ENGINES] == ["0.5000", "0.5000"]
    found = ratios(two_points(), "engine=llama_cpp threads=1", "engine", "threads")
    assert {key: text.split()[0] for key, text in found.items()} == {
        ("llama_cpp", "1"): "baseline",
        ("llama_cpp", "2"): "0.5000",
        ("smjax", "1"): "3.000",
        ("smjax", "2"): "1.500",
    }


def test_the_name_that_a_table_prints_is_one_row():
    name = "tinystories-1m, 2 threads, ctx 256, engine smjax"
    found = ratios(two_points(), name, "engine", "threads")
    assert [key for key, text in found.items() if text == "baseline"] == [("smjax", "2")]
    assert all(found.values())


def test_what_else_differs_is_said_below():
    records = two_points()
    for one in records:
        if one["scenario"]["engine"] == "llama_cpp":
            one["resolved"] = one["resolved"] | {"kv_dtype": "q8_0"}
            one["versions"] = {"ggml": "0.25"}
    text = shown(records, "engine=llama_cpp")
    (note,) = [line for line in text.splitlines() if "kv\\_dtype" in line or "kv_dtype q8_0" in line]
    assert "engine llama_cpp → smjax" in note
    assert "kernel ggml → native" in note
    assert "kv_dtype q8_0 → float16" in note
    assert "ctx 256, engine smjax; tinystories-1m, 2 threads, ctx 256, engine smjax: " in note


def test_several_that_stand_beside_one_row_are_refused_with_what_tells_them_apart():
    with_flash = [
        one | {"id": f"{one['id']} {value}", "identity": f"{one['identity']} {value}"}
        for value in "01"
        for one in engines({"llama_cpp": STEADY}, engine_args={"flash_attn": value})
    ]
    records = [*engines({"smjax": STEADY}), *with_flash]
    with pytest.raises(RequestError) as refused:
        shown(records, "engine=llama_cpp")
    assert "expected one row to stand beside tinystories-1m, 1 thread, ctx 256, engine smjax, found 2: " in str(
        refused.value
    )
    assert "engine_args flash_attn=0; " in str(refused.value)
    assert str(refused.value).endswith("; say engine_args too")
    found = ratios(records, "engine=llama_cpp engine_args.flash_attn=1", "engine", "engine args")
    assert [key for key, text in found.items() if text == "baseline"] == [("llama_cpp", "flash_attn=1")]


def test_a_row_without_a_baseline_of_its_point_says_so():
    text = shown([*engines(), *engines({"smjax": STEADY}, ctx=512)], "engine=llama_cpp")
    assert "- tinystories-1m, 1 thread, ctx 512: no baseline of its point" in text


def test_each_machine_has_a_baseline_of_its_own_unless_one_is_named():
    here, there = engines(), engines({name: [2 * rate for rate in rates] for name, rates in ENGINES.items()}, run="b")
    there = [one | {"machine": "there", "host": "bbbbbbbbbbbb", "id": f"{one['id']} there"} for one in there]
    found = ratios([*here, *there], "engine=llama_cpp", "engine", "machine")
    assert [found["smjax", machine].split()[0] for machine in ("here", "there")] == ["3.000", "3.000"]
    found = ratios([*here, *there], "engine=llama_cpp machine=here", "engine", "machine")
    assert found["smjax", "there"].startswith("6.00 ±"), "of two machines, not measured in turn"
    text = shown([*here, *there], "engine=llama_cpp machine=here")
    assert "machine here → there" in text
    assert "not measured in turn; spread between runs with 1 thread: 2 %, assumed" in text


def test_a_machine_of_another_architecture_stands_beside_the_same_baseline():
    other = [one | {"environment": GRAVITON | {"packages": {}}, "machine": "arm"} for one in engines(run="c")]
    made = read([*engines(), *(one | {"id": f"{one['id']} arm"} for one in other)])
    texts = [markdown([grid]) for grid in tables(made, "engine=llama_cpp arch=x86_64")]
    assert [("baseline" in text, "3.000" in text or "3.00 " in text) for text in texts[:2]] == [(True, True)] * 2
    assert "cpu.arch x86_64 → arm64" in texts[0]


def test_what_another_tool_measured_is_a_baseline_and_said_to_be_one():
    other = [
        one | {"provenance": "imported", "run": "imported", "id": f"{one['id']} i"}
        for one in engines({"llama_cpp": STEADY})
    ]
    text = shown([*engines({"smjax": STEADY}), *other], "provenance=imported")
    assert "provenance imported → measured" in text
    assert "not measured in turn" in text


def test_without_an_interval_there_is_the_ratio_of_what_the_table_shows():
    found = ratios(engines({"smjax": [300.0], "llama_cpp": [100.0]}), "engine=llama_cpp", "engine")
    assert found == {"llama_cpp": "baseline", "smjax": "3.00"}


def test_a_baseline_that_failed_has_no_ratio():
    bad = failed(engine="llama_cpp") | {"identity": "x", "run": "first", "machine": "here"}
    text = shown([*engines({"smjax": STEADY}), bad], "engine=llama_cpp")
    assert f"| {TIMES} |" not in text, "a column of nothing"
    assert "base: no process finished ok: out of memory" in text


def test_figures_of_two_definitions_have_no_ratio():
    old = [one | {"schema": 2, "run": "old", "id": f"{one['id']} old"} for one in engines({"llama_cpp": STEADY})]
    lines = shown([*engines({"smjax": STEADY}), *old], "engine=llama_cpp").splitlines()
    (heading,) = [line.split(" | ") for line in lines if line.startswith("| run ")]
    assert heading[heading.index("decode tok/s") + 1] == TIMES
    assert heading[heading.index("peak RSS MB") + 1] != TIMES


def test_pooled_rows_have_ratios_over_runs():
    runs = [one for day in (1, 2, 3) for one in engines(run=f"run {day}", day=day)]
    made = read(runs)
    rows = pool_runs(scenarios(made))
    text = markdown(run_table.grids(rows, against(rows.to_dicts(), made, "engine=llama_cpp")))
    assert "3.000 ±" in text


def test_summaries_follow_from_records_alone(tmp_path, capsys):
    folder = run_folder(tmp_path / "run", engines())
    assert main(["report", str(folder), "--baseline", "engine=llama_cpp"]) == 0
    assert "| baseline |" in capsys.readouterr().out
    assert "baseline" not in (folder / "summary.md").read_text()
    assert main(["report", str(folder), "--baseline", "engine=vllm"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "expected engine: one of llama_cpp, smjax, found vllm" in said.err


def test_a_run_that_was_measured_is_told_without_a_baseline_that_it_does_not_have(tmp_path):
    folder = run_folder(tmp_path / "run", engines())
    assert "| baseline |" in markdown(finish(folder, None, "engine=llama_cpp", None).grids)
    text = markdown(finish(folder, None, "engine=openvino", None).grids)
    assert "Left out: baseline 'engine=openvino': expected engine: one of" in text
    assert "| smjax |" in text


def test_rows_whose_point_is_not_known_do_not_stop_a_report():
    """As those of a server, of which its client knows no threads."""
    made = read([record([sample(1000)], engine="openai"), record()])
    rows = scenarios(made).with_columns(threads=None, cores=None)
    text = markdown(run_table.grids(rows, against(rows.to_dicts(), made, "engine=smjax")))
    assert "| baseline |" in text


def test_runs_that_overlap_in_time_keep_their_blocks():
    """A block of one run lies between the processes of a block of another, as those of two machines do."""
    torn = {"smjax": noise(3, 8, 0.05, 300), "llama_cpp": noise(4, 8, 0.05)}
    here, there = engines(torn), [one | {"machine": "there"} for one in engines(torn, run="b")]
    apart = [one | {"id": f"{one['id']} b", "date": one["date"].replace("-01T", "-02T")} for one in there]
    later = [
        one | {"id": f"{one['id']} b", "date": f"2026-03-01T10:{one['order']['block'] + 4:02d}:{place % 2:02d}.5Z"}
        for place, one in enumerate(there)
    ]
    found = [ratios([*here, *runs], "engine=llama_cpp", "engine", "machine") for runs in (apart, later)]
    assert found[0]["smjax", "here"] == found[0]["smjax", "there"]
    assert found[1] == found[0]


def test_an_interpreter_has_a_baseline_of_its_own():
    """All that the engine says of itself is the same in both."""
    records = [
        one | {"identity": f"{one['identity']} {python}", "id": f"{one['id']} {python[1:4]}"}
        for python, factor in (("/old/python", 1), ("/new/python", 2))
        for one in engines({name: [factor * rate for rate in rates] for name, rates in ENGINES.items()}, python=python)
    ]
    found = ratios(records, "engine=llama_cpp", "engine", "interpreter")
    assert [found["smjax", python].split()[0] for python in ("/old/python", "/new/python")] == ["3.000", "3.000"]
    found = ratios(records, "engine=llama_cpp interpreter=/old/python", "engine", "interpreter")
    assert [found["smjax", python].split()[0] for python in ("/old/python", "/new/python")] == ["3.000", "6.000"]


def test_what_alone_tells_two_baselines_apart_may_be_their_identity():
    slowed = [
        one | {"identity": "slowed", "id": f"{one['id']} slowed"}
        for one in engines({"llama_cpp": STEADY}, measure=Measure(1, 5, 1, 600.0, target_ci=1.0, handicap=0.5))
    ]
    with pytest.raises(RequestError, match="say identity too"):
        shown([*engines(), *slowed], "engine=llama_cpp")
    found = ratios([*engines(), *slowed], "engine=llama_cpp identity=slowed", "engine", "identity")
    assert found["llama_cpp", "slowed"] == "baseline"


def test_the_name_in_a_note_is_the_row_s_whatever_other_machines_are_beside_it():
    """Notes shorten the names of runs, and each architecture has notes of its own."""
    named = {"one": "20260301T100000Z-aaaaaa", "other": "20260302T110000Z-bbbbbb"}
    runs = [one for run in named.values() for one in engines(run=run, day=int(run[7]))]
    arm = [
        one | {"environment": GRAVITON | {"packages": {}}, "machine": "arm", "id": f"{one['id']} arm"}
        for one in engines(run="20260303T120000Z-cccccc", day=3)
    ]
    name = "tinystories-1m, 1 thread, ctx 256, engine llama_cpp, run 2026-03-02 11:00"
    made = read([*runs, *arm])
    rows = scenarios(made).to_dicts()
    found = {(rows[place]["engine"], rows[place]["run"]) for place in bases(rows, made, name) if place is not None}
    assert found == {("llama_cpp", named["other"])}


def test_what_another_tool_measured_stands_beside_what_was_measured_of_its_engine():
    other = [
        one | {"provenance": "imported", "run": "imported", "machine": "", "id": f"{one['id']} i"}
        for one in engines({"llama_cpp": [1.5 * rate for rate in STEADY]})
    ]
    found = ratios([*engines(), *other], "engine=llama_cpp", "engine", "provenance")
    assert found["llama_cpp", "measured"] == "baseline"
    assert found["llama_cpp", "imported"].startswith("1.50 ")
    alone = ratios([*engines({"smjax": STEADY}), *other], "engine=llama_cpp", "engine", "provenance")
    assert alone["llama_cpp", "imported"] == "baseline"
    assert ratios([*engines(), *other], "provenance=imported", "engine", "provenance")["llama_cpp", "imported"] == (
        "baseline"
    )
