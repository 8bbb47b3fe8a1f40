"""What is drawn beside a row's figure: every process that began, in the order of time, and only in a terminal."""

from __future__ import annotations

import pytest

from smjax.report.data.pool import pool_runs
from smjax.report.render.in_order import InOrder
from smjax.report.render.markdown import markdown
from smjax.report.tables import run_table
from tests.report.factory import failed, scenarios
from tests.report.tables.test_order_plot import STEADY, in_time, with_probes


def drawn(records, heading="decode tok/s"):
    (grid,) = run_table.grids(scenarios(records))
    return [
        cell.drawn
        for row in grid.rows
        for column, cell in zip(grid.columns, row, strict=True)
        if isinstance(cell.drawn, InOrder) and column.heading == heading
    ]


def at(record, minute, **more):
    return record | {"date": f"2026-03-01T10:{minute:02}:00+00:00"} | more


def test_processes_stand_in_the_order_in_which_they_ran():
    records = in_time([100, 103, 98, 101])
    (picture,) = drawn([records[place] for place in (2, 0, 3, 1)])
    assert picture.values == tuple(pytest.approx(rate) for rate in (100, 103, 98, 101))
    assert not any(picture.marked)


def test_those_that_were_disturbed_or_on_shared_cores_are_marked():
    records = with_probes(in_time(STEADY), shared=(2, 5))
    records[7]["flags"] = [*records[7].get("flags", []), "disturbed"]
    (picture,) = drawn(records)
    assert [place for place, is_marked in enumerate(picture.marked) if is_marked] == [2, 5, 7]


def test_those_that_failed_or_were_repeated_have_a_place_and_no_figure():
    records = in_time([100, 103, 98, 101])
    again = at(in_time([99])[0], 20, attempt=1, replicate=records[1]["replicate"])
    lost = at(failed("timeout", "took too long"), 30, replicate=9)
    (picture,) = drawn([*records, again, lost])
    assert [value and round(value) for value in picture.values] == [100, None, 98, 101, 99, None]


@pytest.mark.parametrize("rates", [[100], [100, 101]])
def test_of_few_processes_there_is_nothing_to_be_seen(rates):
    assert drawn(in_time(rates)) == []


def test_a_pool_of_runs_is_not_drawn_nor_is_markdown():
    runs = [one | {"run": "a", "machine": "here"} for one in in_time(STEADY)]
    (pooled,) = run_table.grids(pool_runs(scenarios(runs)))
    assert not any(isinstance(cell.drawn, InOrder) for row in pooled.rows for cell in row)
    (grid,) = run_table.grids(scenarios(runs))
    assert not set("▁▂▃▄▅▆▇█") & set(markdown([grid]))
