"""Whatever stands in a record, from reading it to the summaries and the audit: one line that refuses it, or unknown."""

from __future__ import annotations

import contextlib
import json

import pytest

from smjax.core.errors import RequestError
from smjax.core.records.columns import COLUMN_NAMES
from smjax.core.records.folder import load_records
from smjax.core.records.typed import WrongValueError
from smjax.report.audit.command import audit, reasons
from smjax.report.data import rows
from smjax.report.render.markdown import markdown
from smjax.report.render.write import as_json, write_summaries
from smjax.report.tables import run_table
from tests.report import op_factory as ops
from tests.report.factory import record, run_folder, sample, scenarios

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


@pytest.mark.slow
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


@pytest.mark.parametrize("junk", [None, "x", -1, 0, 1e300, [], True])
def test_any_odd_value_of_a_point_is_refused_or_unknown(junk):
    """Those that are read stand in one table, as they are: each is a replicate of its own."""
    accepted = []
    for number, path in enumerate(places(ops.answer())):
        odd = ops.answer("memory", "read:1024")
        inside = odd
        for step in path[:-1]:
            inside = inside[step]
        inside[path[-1]] = junk
        with contextlib.suppress(WrongValueError):
            accepted += ops.read([ops.process([odd], number) | {"id": str(number)}])
    found = rows.scenarios(accepted)
    assert markdown(run_table.grids(found)) or found.is_empty()
    as_json(found.select(COLUMN_NAMES))
    assert len(reasons(found.to_dicts())) == found.height


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
