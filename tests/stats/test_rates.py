"""What an answer's times say of its rate, and a process's answers of the process."""

from __future__ import annotations

import pytest

from smjax.stats.rates import decode_tok_per_s, of_process


def test_the_first_token_is_prefill_s():
    assert decode_tok_per_s(101, 2 * 10**9) == 50
    assert decode_tok_per_s(101, 0) is None


@pytest.mark.parametrize(
    ("rates", "figure"),
    [([100, 50, 400], 100), ([100, 50], 75), ([None, 100], 100), ([None], None), ([], None)],
)
def test_a_process_is_the_median_of_its_answers(rates, figure):
    assert of_process(rates) == figure
