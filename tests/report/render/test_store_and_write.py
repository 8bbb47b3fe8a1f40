"""Records in, files out: what is read, what is refused, and that the same records give the same bytes."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from smjax.core.errors import RequestError
from smjax.core.records.columns import COLUMN_NAMES
from smjax.core.records.folder import Loaded, load_folder, load_records
from smjax.report.audit.command import audit
from smjax.report.data import rows
from smjax.report.render.markdown import markdown
from smjax.report.render.write import write_summaries
from smjax.report.tables.rebuild import rebuild
from tests.report.factory import GRAVITON, failed, read, record, run_folder, sample, scenarios

SUMMARIES = ["records.jsonl", "summary.json", "summary.csv", "summary.md"]


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_order_of_folders_does_not_matter_and_equal_records_count_once(tmp_path):
    one = run_folder(tmp_path / "one", [record(threads=2), record(threads=1)])
    two = run_folder(tmp_path / "two", [record(threads=1), record(threads=1, host="bbbbbbbbbbbb")])
    assert load_records([one, two]) == load_records([two, one])
    assert [(r.scenario.threads, r.host[0]) for r in load_records([one, two]).records] == [
        (1, "a"),
        (1, "b"),
        (2, "a"),
    ]


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_folder_without_records_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(RequestError, match=r"expected a run folder with records/\*\.json, found none") as refused:
        load_records([tmp_path / name])
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda text: text[: len(text) // 2], "whole JSON record"),
        (lambda text: text.replace('"threads":1', '"threads":"one"'), "scenario.threads: expected"),
        (lambda text: text.replace('"threads":1,', '"threads":1' + "0" * 30 + ","), "scenario.threads"),
        (lambda text: text.replace('"decode_ns":1000000000', '"decode_ns":"soon"'), r"samples\[0\]\.decode_ns: "),
        (lambda text: text.replace('"flags":[]', '"flags":[1]'), r"flags\[0\]: expected a text"),
    ],
)
def test_broken_record_is_refused_by_name_and_skipped_where_asked(tmp_path, damage, told):
    folder = run_folder(tmp_path, [record(), record(threads=2)])
    path = sorted((folder / "records").iterdir())[0]
    text = path.read_text()
    path.write_text(damage(text))
    assert path.read_text() != text
    loaded = load_records([folder])
    (refused,) = loaded.refused
    assert refused.startswith(f"{path}: ")
    assert re.search(told, refused)
    assert "\n" not in refused
    assert "delete" not in refused
    assert [record.scenario.threads for record in loaded.records] == [2]
    sorted((folder / "records").iterdir())[1].unlink()
    with pytest.raises(RequestError, match=re.escape(refused)):
        load_records([folder])
    assert load_folder(folder) == Loaded([], [refused])


SECTIONS = ("memory", "ghz", "phases_ns", "resolved", "versions", "energy", "read_bandwidth", "readings", "order")


def test_sections_that_are_null_are_unknown_not_an_error():
    row = scenarios([record() | dict.fromkeys(SECTIONS)]).to_dicts()[0]
    assert (row["decode_tok_per_s"], row["peak_rss_mb"], row["cycles_per_token"]) == (100, None, None)


@pytest.mark.parametrize("junk", ["x", 7, []])
@pytest.mark.parametrize("section", [*SECTIONS, "environment", "model"])
def test_an_odd_section_is_refused_by_its_name(tmp_path, section, junk):
    folder = run_folder(tmp_path, [record(), record(threads=2) | {section: junk}])
    loaded = load_records([folder])
    assert [one.scenario.threads for one in loaded.records] == [1]
    assert f".json: {section}: expected an object, found {junk!r}; it is damaged" in loaded.refused[0]


def test_csv_is_the_contract_with_nothing_where_unknown(tmp_path):
    records = [record(), failed("timeout", "took, too long", threads=2)]
    write_summaries(tmp_path, read(records), scenarios(records), "the tables\n")
    text = (tmp_path / "summary.csv").read_text()
    header, *lines = csv.reader(io.StringIO(text))
    assert tuple(header) == COLUMN_NAMES
    ok, bad = (dict(zip(header, line, strict=True)) for line in lines)
    assert (ok["status"], ok["decode_tok_per_s"], ok["tpot_ms_p50"], ok["flags"]) == ("ok", "100.0", "", "")
    assert (bad["status"], bad["threads"], bad["decode_tok_per_s"], bad["peak_rss_mb"]) == ("timeout", "2", "", "")
    assert '""' not in text


def test_json_and_jsonl_hold_the_same_rows_and_records(tmp_path):
    records = [record(), record(threads=2)]
    paths = write_summaries(tmp_path, read(records), scenarios(records), "the tables\n")
    assert [path.name for path in paths] == SUMMARIES
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["schema"] == 2
    assert [(tuple(row), row["threads"], row["roofline"]) for row in summary["rows"]] == [
        (COLUMN_NAMES, 1, None),
        (COLUMN_NAMES, 2, None),
    ]
    assert [json.loads(line) for line in (tmp_path / "records.jsonl").read_text().splitlines()] == records


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


@pytest.mark.parametrize("junk", [None, "x", -1, 0, 1.5, 10**30, [], {}, True, [None]])
def test_any_odd_value_is_refused_in_one_line_or_unknown(tmp_path, junk):
    samples = [sample(1000, token_ms=[1, 2])] * 3
    whole = record(samples, tokens_per_dispatch=1, ghz=(2.0, "read"), flags=["late"])
    whole |= {
        "attempt": 1,
        "read_bandwidth": {"bytes_per_s": 1e9},
        "identity": "1a2b",
        "readings": {"disturbed": ["load"]},
        "energy": {"joules_per_token": 1.5},
    }
    for path in places(whole):
        folder = tmp_path / "-".join(map(str, path))
        (folder / "records").mkdir(parents=True)
        odd = json.loads(json.dumps(whole))
        inside = odd
        for step in path[:-1]:
            inside = inside[step]
        inside[path[-1]] = junk
        (folder / "records" / "odd.json").write_text(json.dumps(odd))
        told = refusal(folder)
        if told is None:
            records = load_records([folder]).records
            write_summaries(folder, records, rows.scenarios(records), "the tables\n")
            assert len(json.loads((folder / "summary.json").read_text())["rows"]) == 1
            assert audit([folder]).endswith(" of 1 rows flagged\n")
        else:
            assert "\n" not in told


def refusal(folder):
    try:
        load_records([folder])
    except RequestError as error:
        return str(error)
    return None


def places(value, path=()):
    """The way to every value inside a JSON value."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield (*path, step)
        yield from places(child, (*path, step))
