"""The table of a run under way is the last one's, cut to the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from smjax.report.render.markdown import markdown
from smjax.report.tables import run_table
from smjax.report.tables.so_far import so_far
from tests.report.factory import processes, read, record, sample, scenarios
from tests.report.tables.test_run_table import cells


def drawn(records, width=80, height=24):
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    lines = console.render_lines(so_far(read(records)), console.options, pad=False)
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


def test_its_figures_are_those_of_the_table_that_ends_the_run():
    records = [*processes([[100], [101], [99]]), *processes([[200], [202], [199]], threads=2)]
    final = cells(markdown(run_table.grids(scenarios(records))))
    lines = drawn(records)
    assert lines[0] == "x86_64 · AMD EPYC 9R14"
    for row in final:
        (line,) = (line for line in lines if line.split()[:1] == [row["threads"]])
        assert all(row[heading] in line for heading in ("decode tok/s", "TTFT ms", "n"))
    assert "±" in final[0]["decode tok/s"]


@pytest.mark.parametrize(("width", "height", "rows"), [(80, 24, 40), (40, 10, 3), (80, 3, 40), (300, 60, 7)])
def test_it_fits_and_says_how_many_rows_it_has_no_room_for(width, height, rows):
    lines = drawn([record([sample(1000)], threads=threads) for threads in range(1, rows + 1)], width, height)
    shown = [int(line.split()[0]) for line in lines if line.split()[:1] and line.split()[0].isdecimal()]
    assert shown == list(range(1, len(shown) + 1))
    assert max(map(len, lines)) <= width
    assert len(lines) <= max(height, len(lines) - len(shown) + 1), "one row is there in any height"
    assert [line for line in lines if line.startswith("and")] == [f"and {rows - len(shown)} more"] * (len(shown) < rows)
    assert "decode" in " ".join(lines)


def test_a_high_table_uses_the_height_there_is():
    assert len(drawn([record([sample(1000)], threads=threads) for threads in range(1, 41)])) == 24


def test_processes_are_drawn_in_the_order_of_time_before_less_telling_columns():
    text = "\n".join(drawn(processes([[100], [104], [96], [100]])))
    assert ".'_. 8.0 %" in text, "it is no terminal, so that it gets what every one has"
    assert "in time," not in "\n".join(drawn(processes([[100], [104], [96], [100]]), width=30))
