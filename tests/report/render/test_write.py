"""The files of a summary: the columns of the contract, nothing where nothing is known, the records as they are."""

from __future__ import annotations

import csv
import io
import json

from smjax.core.records.columns import COLUMN_NAMES
from smjax.report.render.write import write_summaries
from tests.report.factory import failed, read, record, scenarios


def test_csv_is_the_contract_with_nothing_where_unknown(tmp_path):
    records = [record(), failed("timeout", "took, too long", threads=2)]
    write_summaries(tmp_path, read(records), scenarios(records), "the tables\n")
    text = (tmp_path / "summary.csv").read_text()
    header, *lines = csv.reader(io.StringIO(text))
    assert tuple(header) == COLUMN_NAMES
    ok, bad = (dict(zip(header, line, strict=True)) for line in lines)
    assert (ok["status"], ok["decode_tok_per_s"], ok["itl_ms_p50"], ok["flags"]) == ("ok", "100.0", "", "")
    assert (bad["status"], bad["threads"], bad["decode_tok_per_s"], bad["peak_rss_mb"]) == ("timeout", "2", "", "")
    assert '""' not in text


def test_json_and_jsonl_hold_the_same_rows_and_records(tmp_path):
    records = [record(), record(threads=2)]
    paths = write_summaries(tmp_path, read(records), scenarios(records), "the tables\n")
    assert [path.name for path in paths] == ["records.jsonl", "summary.json", "summary.csv", "summary.md"]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["schema"] == 3
    assert [(tuple(row), row["threads"], row["roofline"]) for row in summary["rows"]] == [
        (COLUMN_NAMES, 1, None),
        (COLUMN_NAMES, 2, None),
    ]
    assert [json.loads(line) for line in (tmp_path / "records.jsonl").read_text().splitlines()] == records
