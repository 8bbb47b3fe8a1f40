"""What a cell says where that is not the column's value as it is."""

from __future__ import annotations

import pytest

from smjax.report.tables.column_cells import IN_TABLES


@pytest.mark.parametrize(("threads", "cores", "text"), [(4, 2, "2"), (2, 2, ""), (4, None, "")])
def test_cores_are_told_where_threads_share_them(threads: int, cores: int | None, text: str) -> None:
    assert IN_TABLES["cores"].cell({"threads": threads, "cores": cores}).text == text
