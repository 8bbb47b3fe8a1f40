"""How figures are written for people."""

from __future__ import annotations

import pytest

from smjax.core.numbers import listed, plural, plus_minus, significant


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(None, ""), (float("nan"), ""), (0.0, "0"), (8.0, "8.00"), (99.96, "100"), (1234.5, "1230")],
        *[(0.012345, "0.0123"), (37.44, "37.4"), (51_349.0, "51300"), (-2.346, "-2.35"), (999.6, "1000")],
    ],
)
def test_three_significant_digits(value, text):
    assert significant(value) == text


def test_words_around_figures():
    assert (plus_minus(0.0203), plus_minus(0.104)) == ("±2.0 %", "±10 %")
    assert (plural(1, "row", "rows"), plural(0, "row", "rows")) == ("1 row", "0 rows")
    assert (listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])) == ("a", "a and b", "a, b and c")
