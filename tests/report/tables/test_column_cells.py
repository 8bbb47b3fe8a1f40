"""What a cell says where that is not the column's value as it is."""

from __future__ import annotations

import pytest

from smjax.report.tables.column_cells import IN_TABLES


@pytest.mark.parametrize(("threads", "cores", "text"), [(4, 2, "2"), (2, 2, ""), (4, None, "")])
def test_cores_are_told_where_threads_share_them(threads: int, cores: int | None, text: str) -> None:
    assert IN_TABLES["cores"].cell({"threads": threads, "cores": cores}).text == text


@pytest.mark.parametrize(
    ("lo", "hi", "why", "text"),
    [
        (0.130, 0.134, None, "0.0900/0.132 ±1.5 %"),
        (0.110, 0.140, None, "0.0900/0.132 (0.110 to 0.140)"),
        (None, None, "drifting: +1.0 % a process", "0.0900/0.132 (drifting)"),
        (None, None, "too few tokens", "0.0900/0.132 (too few tokens)"),
    ],
)
def test_a_percentile_says_how_certain_it_is_or_why_nobody_knows(
    lo: float | None, hi: float | None, why: str | None, text: str
) -> None:
    row = {"itl_ms_p50": 0.09, "itl_ms_p99": 0.132, "itl_ms_p99_lo": lo, "itl_ms_p99_hi": hi, "replicates": 8}
    assert IN_TABLES["itl_ms_p50"].cell(row | {"why_none": {"itl_ms_p99": why}}).text == text
