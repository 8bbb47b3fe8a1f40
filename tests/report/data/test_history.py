"""Published history: how it is loaded, checked, and set beside a sweep."""

from __future__ import annotations

import json

import pytest

from smjax.core.errors import RequestError
from smjax.core.records.columns import COLUMN_NAMES
from smjax.report.data.history import load_history, shipped_names
from smjax.report.render.grid import TIMES, UNKNOWN
from smjax.report.render.markdown import markdown
from smjax.report.tables import after_run, beside
from tests.report.factory import failed, identified, record, sample, scenarios
from tests.report.tables.test_run_table import cells

SEED = "smallmind-2026-02"
ROW = {
    "source": "Somebody",
    "arch": "arm64",
    "os": "Linux",
    "cpu": "Some CPU",
    "provenance": "reported",
    "threads": 1,
    "ctx": 256,
    "n_gen": 128,
    "decode_tok_per_s": 10,
}


def ours(decode_ms=1270, threads=1, ctx=256, **changes):
    """127 tokens after the first: 1270 ms is 100 tok/s."""
    point = {"n_gen": 128, "n_prompt": ctx - 128, "tokens_per_dispatch": 128, "threads": threads, "ctx": ctx}
    return record([sample(decode_ms, ttft_ms=50)], **(point | changes))


def drawn(records, baseline=None):
    return [markdown([one]) for one in beside.grids(scenarios(records), load_history(SEED), baseline)]


def test_two_runs_are_two_machines_beside_history_and_say_which_they_are():
    first, second = (ours(ms) | {"run": run} for ms, run in ((1270, "monday"), (635, "tuesday")))
    headline = cells(drawn([first, second])[0])
    rates = {row["source"]: row["decode tok/s"] for row in headline if row["source"].startswith("smjax")}
    assert rates == {"smjax xla monday": "100", "smjax xla tuesday": "200"}
    assert "smjax xla" in [row["source"] for row in cells(drawn([first])[0])]


def test_shipped_history_maps_to_the_summary():
    assert shipped_names() == [SEED]
    rows = load_history(SEED).rows
    assert rows.columns[: len(COLUMN_NAMES)] == list(COLUMN_NAMES)
    assert rows.height == 19
    assert rows["provenance"].value_counts().sort("provenance").rows() == [("reported", 10), ("synthetic", 9)]
    m2 = rows.filter(cpu="Apple M2", threads=8, ctx=1024).to_dicts()[0]
    expected = {
        "engine": "SmallMind",
        "model": "TinyStories-1M-Q4_0",
        "arch": "arm64",
        "os": "macOS 14.3",
        "n_gen": 128,
        "n_prompt": None,
        "decode_tok_per_s": 87.4,
        "ttft_ms": 175.3,
        "peak_rss_mb": 420,
        "e2e_tok_per_s": 74.29,
        "scaling_efficiency": pytest.approx(0.95),  # 87.4 / (8 * 11.5)
        "cycles_per_token": None,
        "replicates": None,
        "samples": None,
        "jaxlib": None,
        "host": None,
        "provenance": "reported",
        "flags": "ghz-reported",
    }
    assert {name: m2[name] for name in expected} == expected
    single = rows.filter(cpu="Apple M2", threads=1, ctx=256)
    assert single["tok_per_s_per_ghz_per_core"].to_list() == pytest.approx([11.5 / 3.5])
    assert single["cycles_per_token"].to_list() == pytest.approx([3.5e9 / 11.5])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[1", "expected JSON"),
        ("[]", "expected a JSON object with rows"),
        ('{"rows": []}', "expected a list of rows"),
        (json.dumps({"rows": [ROW, "x"]}), "row 2: expected an object"),
        (json.dumps({"rows": [ROW | {"cpu": None}]}), "row 1: cpu: expected a text"),
        (json.dumps({"rows": [ROW | {"provenance": "guessed"}]}), "provenance: expected one of measured"),
        (json.dumps({"rows": [ROW | {"threads": 0}]}), "threads: expected a whole number above 0"),
        (json.dumps({"rows": [ROW | {"ttft_ms": "fast"}]}), "ttft_ms: expected a number above 0"),
        (json.dumps({"rows": [ROW | {"decode_tok_per_s": float("nan")}]}), "decode_tok_per_s: expected a number"),
    ],
)
def test_bad_history_is_refused_in_one_line(tmp_path, content, told):
    path = tmp_path / "history.json"
    path.write_text(content)
    with pytest.raises(RequestError, match=told) as refused:
        load_history(str(path))
    assert "\n" not in str(refused.value)


def test_unknown_name_lists_what_there_is():
    with pytest.raises(RequestError, match=SEED):
        load_history("smallmind")


def test_history_of_ones_own(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"title": "Mine", "rows": [ROW]}))
    history = load_history(str(path))
    assert (history.title, history.rows["decode_tok_per_s"].to_list()) == ("Mine", [10.0])


def test_headline_has_one_row_per_machine_with_ratios_to_the_chosen_baseline():
    head, *blocks = drawn([ours(), ours(635, threads=4), ours(ctx=1024)], baseline="apple m2")
    rows = cells(head.replace(f"| {TIMES} |", "| x1 |", 1).replace(f"| {TIMES} |", "| x2 |", 1))
    assert [(row["source"], row["arch"], row["cpu"], row["provenance"], row["decode tok/s"]) for row in rows] == [
        ("SmallMind", "arm64", "Apple M2", "reported", "11.5"),
        ("smjax xla", "x86_64", "AMD EPYC 9R14", "measured", "100"),
        ("SmallMind †", "x86_64", "AMD EPYC 7763", "synthetic †", "8.00"),
        ("SmallMind", "x86_64", "Intel Xeon Platinum 8370C", "reported", "8.50"),
    ]
    assert [row["x1"] for row in rows] == ["1.00", "8.70", "0.696", "0.739"]
    assert [row["best decode tok/s"] for row in rows] == [
        "87.4 (8 threads)",
        "200 (4 threads)",
        "32.0 (4 threads)",
        "34.0 (4 threads)",
    ]
    assert [row["x2"] for row in rows] == ["1.00", "2.29", "0.366", "0.389"]
    assert "† synthetic: known not to be measurements" in head
    assert "AMD EPYC 7763 (SmallMind †): published as a demonstration" in head
    assert [block.splitlines()[0] for block in blocks] == [
        "### 1 thread, ctx 256, 128 tokens generated",
        "### 4 threads, ctx 256, 128 tokens generated",
        "### 1 thread, ctx 1024, 128 tokens generated",
    ]


def test_a_block_holds_both_sides_at_its_point_only():
    _, block = drawn([ours(635, threads=2), ours(threads=3), ours(ctx=256, n_gen=64, tokens_per_dispatch=64)])
    assert "Baseline: SmallMind Intel Xeon Platinum 8370C" in block  # the first reported machine, which
    assert "It has no row here." in block  # published nothing with two threads
    assert [(row["source"], row["decode tok/s"], row["TTFT ms"], row[TIMES]) for row in cells(block)] == [
        ("smjax xla", "200", "50.0", UNKNOWN),
        ("SmallMind †", "16.0", "126", UNKNOWN),
    ]


def test_our_own_failed_row_is_shown():
    point = {"n_gen": 128, "n_prompt": 128, "tokens_per_dispatch": 128}
    _, block = drawn([failed("killed", **point)])
    assert [(row["source"], row["decode tok/s"], row["status"]) for row in cells(block)] == [
        ("SmallMind", "11.5", UNKNOWN),
        ("smjax auto", UNKNOWN, "killed"),
        ("SmallMind †", "8.00", UNKNOWN),
        ("SmallMind", "8.50", UNKNOWN),
    ]


def test_two_of_our_settings_are_told_apart():
    other = ours(635)
    other["resolved"] = other["resolved"] | {"isa": "avx2"}
    head, _ = drawn([ours(), other], baseline="smjax avx2")
    measured = [(row["source"], row["decode tok/s"]) for row in cells(head) if row["provenance"] == "measured"]
    assert measured == [("smjax xla avx2", "200"), ("smjax xla avx512", "100")]
    with pytest.raises(RequestError, match="expected a part of exactly one machine's name, found 2: smjax"):
        drawn([ours(), other], baseline="9R14")


def test_rows_of_other_sources_are_told_apart_and_those_of_other_points_are_not():
    old = [identified(ours(), "a"), identified(ours(508, threads=4), "a")]
    head, _, block = drawn([*old, identified(ours(635), "b")], baseline="bbbbbbbb")
    rows = cells(head.replace(f"| {TIMES} |", "| x1 |", 1))
    assert [
        (row["source"], row["x1"], row["best decode tok/s"]) for row in rows if row["provenance"] == "measured"
    ] == [
        ("smjax xla aaaaaaaa", "0.500", "250 (4 threads)"),
        ("smjax xla bbbbbbbb", "1.00", "200 (1 thread)"),
    ]
    assert "It has no row here." in block


def test_two_files_of_one_name_are_told_apart():
    head, _ = drawn([ours(), ours(635, model_hash="sha256:2")])
    measured = [(row["model"], row["decode tok/s"]) for row in cells(head) if row["provenance"] == "measured"]
    assert sorted(measured) == [("tinystories-1m sha256:1", "100"), ("tinystories-1m sha256:2", "200")]


@pytest.mark.parametrize(
    ("baseline", "told"), [("SmallMind", "found 3: "), ("Z80", "found none of: "), ("arch=x86_64", "found 3: ")]
)
def test_baseline_must_be_one_machine(baseline, told):
    with pytest.raises(RequestError, match=told) as refused:
        drawn([ours()], baseline)
    for candidate in ("Apple M2", "Intel Xeon Platinum 8370C") if "=" not in baseline else ():
        assert candidate in str(refused.value)
    assert "\n" not in str(refused.value)


def test_nothing_in_common_is_said():
    assert drawn([record()]) == [
        "### Beside SmallMind published results, February 2026\n\n"
        "Nothing to compare: no threads, ctx and n_gen in common.\n"
    ]


def test_request_is_checked_before_measuring():
    after_run.check(None, None)
    after_run.check(SEED, None)
    after_run.check(SEED, "Apple M2")
    after_run.check(SEED, "the machine that is about to be measured")
    after_run.check(None, "engine=llama_cpp threads=1")
    for history, baseline in ((None, " "), (None, "engin=smjax"), ("nonsense", None), (SEED, "SmallMind")):
        with pytest.raises(RequestError):
            after_run.check(history, baseline)
