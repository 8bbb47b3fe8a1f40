"""Which columns of the table of rows are in sight, and in which order."""

from __future__ import annotations

from smjax.report.page.rows import tables
from tests.report.factory import processes, record, scenarios
from tests.report.op_factory import answer, process, rows_of


def shown(records):
    (table,) = tables(scenarios(records).to_dicts())
    return [column.name for column in table.columns if column.is_shown]


def columns(records):
    (table,) = tables(scenarios(records).to_dicts())
    return {column.name: column for column in table.columns}


def test_what_a_row_is_called_by_comes_first_then_its_figures():
    found = shown([record(), record(threads=2)])
    assert found[:5] == ["model", "kernel", "threads", "ctx", "decode_tok_per_s"]
    assert not {"sustained_tok_per_s", "provenance", "status", "n_prompt", "isa"} & set(found)


def test_what_tells_nothing_more_is_not_in_sight():
    other = record(host="bbbbbbbbbbbb", machine={"cpu": {"model": "Neoverse-V2", "arch": "arm64"}, "os": {"name": "x"}})
    found = shown([record(), other])
    assert found[0] == "cpu"
    assert not {"host", "os"} & set(found)
    assert "host" in shown([record(), record(host="bbbbbbbbbbbb")]), "nothing else tells these apart"


def test_every_other_column_is_there_to_be_chosen_and_intervals_are_with_their_figures():
    found = columns(processes([[100.0], [101.0], [99.0]]))
    assert {"load_s", "weight_mb", "provenance", "n_prompt", "decode_tok_per_s_best"} <= set(found)
    assert not {name for name in found if name.endswith(("_lo", "_hi"))}
    ((lo,), (hi,)) = found["decode_tok_per_s"].ends
    assert lo < 100 < hi
    assert found["load_s"].ends is None


def test_paper_has_room_for_few():
    found = columns([record(), record(threads=2)])
    assert [name for name, column in found.items() if column.is_printed] == [
        *("model", "kernel", "threads", "ctx", "decode_tok_per_s", "prefill_tok_per_s", "ttft_ms", "peak_rss_mb"),
        "replicates",
    ]


def test_ops_have_a_table_of_their_own():
    both = [*rows_of([process([answer()])]), *scenarios([record()]).to_dicts()]
    answers, ops = tables(both)
    assert (answers.name, answers.title, ops.name, ops.title) == ("table", "Rows", "table1", "Operations")
    assert ops.columns[0].name == "op"
    assert tables(both[:1])[0].name == "table"
