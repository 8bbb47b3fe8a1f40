"""What a row is called in a sentence."""

from __future__ import annotations

from typing import Any

from smjax.core.records.alike import LINE, POINT
from smjax.report.data.names import name_row


def row(**fields: Any) -> dict[str, Any]:
    return dict.fromkeys((*POINT, *LINE, "label")) | {"model": "m", "threads": 1, "ctx": 256} | fields


def test_rows_are_called_by_their_point_and_what_tells_them_apart():
    rows = [row(kernel="xla"), row(kernel="native"), row(threads=2, kernel="xla")]
    named = ["m, 1 thread, ctx 256, kernel xla", "m, 1 thread, ctx 256, kernel native", "m, 2 threads, ctx 256"]
    assert [name_row(one, rows) for one in rows] == named


def test_what_a_row_does_not_have_is_no_part_of_its_name():
    rows = [row(label=""), row(label="a"), row(label=None)]
    assert [name_row(one, rows) for one in rows] == [
        "m, 1 thread, ctx 256",
        "m, 1 thread, ctx 256, label a",
        "m, 1 thread, ctx 256",
    ]


def test_no_more_is_told_than_tells_a_row_from_all_others():
    rows = [
        row(engine="a", kernel="k", engine_args="x", sources="1"),
        row(engine="b", kernel="l", engine_args="y", sources="2"),
        row(engine="b", kernel="l", engine_args="z", sources="2"),
    ]
    assert [name_row(one, rows) for one in rows] == [
        "m, 1 thread, ctx 256, engine a",
        "m, 1 thread, ctx 256, engine b, engine_args y",
        "m, 1 thread, ctx 256, engine b, engine_args z",
    ]


def test_what_nobody_knows_of_a_row_is_no_part_of_its_name():
    rows = [row(threads=None, engine="server"), row(engine="smjax", ctx=None)]
    assert [name_row(one, rows) for one in rows] == ["m, ctx 256", "m, 1 thread"]


def test_an_import_is_told_from_a_measurement_by_being_one():
    """Not by what nobody knows of it."""
    rows = [row(provenance="measured", os="Debian", isa="avx2"), row(provenance="imported")]
    assert [name_row(one, rows).partition("256, ")[2] for one in rows] == ["provenance measured", "provenance imported"]
    rows = [row(os=None, run="a"), row(os="Debian", run="b")]
    assert name_row(rows[0], rows).endswith("256, run a")
