from __future__ import annotations

import pytest

from smjax.stats.agreement import nmse


@pytest.mark.parametrize(
    ("found", "expected", "error"),
    [
        ([1, 2], [1, 2], 0.0),
        ([0, 0], [3, 4], 1.0),
        ([3, 5], [3, 4], 0.04),
        ([1], [0], None),
        ([1], [1, 2], None),
        ([1e300], [1.0], None),
        ([], [], None),
    ],
)
def test_errors_are_relative_to_what_is_expected(found: list[float], expected: list[float], error: float) -> None:
    assert nmse(found, expected) == error
