"""Tables of microbenchmarks: what a call takes, what that is of what the machine can do, and nothing of answers."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from rich.console import Console

from smjax.report.data import rows
from smjax.report.data.pool import pool_runs
from smjax.report.render.grid import TIMES, UNKNOWN, Grid
from smjax.report.render.markdown import markdown
from smjax.report.render.terminal import TerminalGrid
from smjax.report.tables import from_records, run_table
from tests.report import factory
from tests.report.op_factory import answer, process, read, scenarios
from tests.report.tables.test_run_table import cells

WRONG = answer("softmax", "768", samples=[], status="failed", reason="off by 0.3")


def processes(*points: dict[str, Any], n: int = 3, **changes: Any) -> list[dict[str, Any]]:
    """Each kernel in turn in as many blocks."""
    kernels = list(enumerate(("xla", "native")))
    return [process(points, block, place, kernel=kernel, **changes) for block in range(n) for place, kernel in kernels]


def text_of(*points: dict[str, Any], **changes: Any) -> str:
    """The table of their times as Markdown."""
    return markdown(run_table.grids(scenarios(processes(*points, **changes)))[:1])


def test_a_table_of_ops_has_what_a_call_takes_and_no_column_of_answers() -> None:
    text = text_of(answer(call_us=[4, 4.5], loop_us=[2, 2.5]), answer("rms_norm", "768", temp_bytes=64))
    gemm = next(row for row in cells(text) if row["op"] == "gemm")
    assert gemm == {
        "op": "gemm",
        "shape": "f32:10x10x10",
        "kernel": "native",
        "call µs": "4.25 ±0 %",
        "loop µs": "2.25 ±0 %",
        "GFLOP/s": "0.889",
        "GB/s": "0.444",
        "of peak": "0.22",
        "of bandwidth": "0.22 L1",
        "temp bytes": "0",
    }
    for said_once in ("threads 1", "cache hot", "n 3", "growth 0", "status ok"):
        assert said_once in text
    assert "tok/s" not in text


def test_a_point_that_failed_is_in_the_table_and_why_is_below_it() -> None:
    text = text_of(answer(), WRONG)
    (failed, _) = [row for row in cells(text) if row["op"] == "softmax"]
    assert (failed["n"], failed["status"], failed["loop µs"]) == ("0", "failed", UNKNOWN)
    assert "softmax 768, 1 thread, kernel xla: failed (3 of 3 processes): off by 0.3" in text


def test_what_is_true_of_a_process_is_said_of_it_and_not_of_each_of_its_points() -> None:
    found = processes(answer(), answer("rms_norm", "768"))
    for one in found:
        one["flags"] = ["disturbed"]
        one["readings"] = {"disturbed": [f"swapping beside {one['scenario']['kernel']}"]}
    found[0]["points"][1] = WRONG | {"point": found[0]["points"][1]["point"]}
    text = markdown(run_table.grids(scenarios(found))[:1])
    assert "- 1 thread, kernel native: disturbed (3 of 3 processes): swapping beside native" in text
    assert "- rms_norm 768, 1 thread, kernel xla: failed (1 of 3 processes): off by 0.3" in text


def test_an_op_that_fails_at_all_of_its_shapes_is_named_once() -> None:
    points = [WRONG | {"point": {"op": "softmax", "shape": shape, "cache": "hot"}} for shape in ("768", "2048")]
    text = text_of(answer(), *points)
    assert "softmax, 1 thread, kernel native; softmax, 1 thread, kernel xla: failed (3 of 3 processes)" in text


def test_an_interval_that_says_nothing_is_not_spelled_out() -> None:
    """Of two processes, one of which was a hundred times as slow."""
    found = [process([answer(loop_us=[us])], block) for block, us in enumerate((2.0, 200.0))]
    (row,) = cells(markdown(run_table.grids(scenarios(found))[:1]))
    assert row["loop µs"] == "101 (wide)"


def test_shapes_are_in_the_order_of_their_sizes() -> None:
    shapes = ["16x768x768", "128x768x768", "1024x768x768"]
    text = text_of(*(answer("q4_0_matmul", shape) for shape in reversed(shapes)), n=1)
    assert [row["shape"] for row in cells(text) if row["kernel"] == "xla"][:3] == shapes


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_is_cut_in_a_terminal(width: int) -> None:
    console = Console(width=width, record=True, file=io.StringIO())
    for grid in run_table.grids(scenarios(processes(answer("quantize_activations", "128x2048"), answer(), WRONG))):
        console.print(TerminalGrid(grid))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= width
    assert any("quantize_activations" in line for line in lines)
    assert not any("…" in line for line in lines)


def test_ops_and_answers_of_one_report_are_tables_of_their_own() -> None:
    records = [*read(processes(answer())), *factory.read([factory.record()])]
    answers, ops, *_ = run_table.grids(rows.scenarios(records))
    assert "op" not in _headings(answers)
    assert "op" in _headings(ops)
    assert "decode tok/s" not in _headings(ops)


def test_ops_stand_beside_a_baseline_by_what_a_call_takes() -> None:
    """Of cold inputs there is no loop."""
    found = []
    for block in range(3):
        for place, (kernel, us) in enumerate({"xla": 1, "native": 0.5}.items()):
            points = [answer(call_us=[4 * us], loop_us=[us]), answer(cache="cold", call_us=[9 * us], loop_us=None)]
            found.append(process(points, block, place, kernel=kernel))
    records, rows_of_all = read(found), scenarios(found)
    own = from_records.grids(records, rows_of_all)
    table = from_records.with_baseline(own, records, rows_of_all, "kernel=xla")[0]
    ratios = [number for number, column in enumerate(table.columns) if column.heading == TIMES]
    cold, hot = (tuple(row[number].text for number in ratios) for row in table.rows if row[3].text == "native")
    assert (cold, hot) == (("0.5000 ±0 %", ""), ("0.500", "0.5000 ±0 %"))


def test_runs_are_pooled_by_what_they_measured() -> None:
    points = [answer(), answer("rms_norm", "768")]
    runs = [one for run in ("a", "b", "c") for one in processes(*points, n=2, run=run)]
    pooled = pool_runs(scenarios(runs))
    assert pooled.select("op", "runs", "replicates", "loop_us").unique("op").sort("op").rows() == [
        ("gemm", 3, 6, 2.0),
        ("rms_norm", 3, 6, 2.0),
    ]
    text = markdown(run_table.grids(pooled)[:1])
    assert "Medians over runs" in text
    assert {row["runs"] for row in cells(text)} == {"3/6"}


def test_two_rows_and_more_have_a_roofline() -> None:
    """2 operations a byte: below 4 GFLOP/s by as much as memory at 1 GB/s allows; L1 at 2 GB/s gives all of it."""
    slow = {"bandwidth_bytes_per_s": 1e9, "bandwidth_level": "DRAM"}
    points = [answer(), answer("rms_norm", "768", **slow), answer("kv_append", "768", flops=0)]
    points.append(answer("unknown", "768", peak_flop_per_s=None))
    table = markdown(run_table.grids(scenarios([process(points)]))).partition("### Roofline")[2]
    found = {row["op"]: row for row in cells(table)}
    figures = ("FLOP/byte", "attainable GFLOP/s", "attained GFLOP/s", "of attainable", "bound by")
    assert [found["gemm"][name] for name in figures] == ["2.00", "4.00", "1.00", "0.25", "peak"]
    assert [found["rms_norm"][name] for name in figures] == ["2.00", "2.00", "1.00", "0.50", "DRAM"]
    assert [found["kv_append"][name] for name in figures] == [UNKNOWN, UNKNOWN, UNKNOWN, "0.25", "L1"]
    assert [found["unknown"][name] for name in figures] == ["2.00", UNKNOWN, "1.00", UNKNOWN, UNKNOWN]
    assert "Roofline" not in markdown(run_table.grids(scenarios([process([answer()])])))


def _headings(grid: Grid) -> Sequence[str]:
    return [column.heading for column in grid.columns]


def test_rows_of_a_frame_without_ops_are_a_table_of_answers() -> None:
    found = factory.scenarios([factory.record()])
    assert found["op"].dtype == pl.String
    assert len(run_table.grids(found)) == 1
