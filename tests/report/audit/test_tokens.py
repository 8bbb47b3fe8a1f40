"""Times of tokens that contradict the other times of their answer."""

from __future__ import annotations

import numpy as np
import pytest

from smjax.report.audit.tokens import CHECKS
from tests.report.factory import MS, read, record


def reasons(change, **scenario):
    """What is said of a record of five answers of 9 tokens, of which the third was changed."""
    tokens = [[7.93 + 0.01 * ((7 * answer + 3 * token) % 11) for token in range(8)] for answer in range(5)]
    samples = [
        {
            "ttft_ns": 31 * MS + answer,
            "token_ns": [int(ms * MS) for ms in times],
            "decode_ns": sum(int(ms * MS) for ms in times),
            "rss_bytes": None,
        }
        for answer, times in enumerate(tokens)
    ]
    change(samples[2])
    row = {"records": read([record(samples, n_gen=9, n_prompt=100, **{"tokens_per_dispatch": 1, **scenario})])}
    return [reason for check in CHECKS if (reason := check(row))]


def faster(sample):
    sample["decode_ns"] -= sample["decode_ns"] // 200


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda sample: None, None),
        (lambda sample: sample.update(decode_ns=sample["decode_ns"] + 8), None),  # each reading rounded
        (faster, "inconsistent: the tokens of an answer took 63.8"),  # half a per cent
        (lambda sample: sample.update(decode_ns=sample["decode_ns"] + 2000), "inconsistent: the tokens of an answer"),
        (lambda sample: sample["token_ns"].pop(), "an answer of 9 tokens has 7 times of tokens after the first"),
        (
            lambda sample: sample.update(token_ns=[0, *sample["token_ns"][1:-1], sum(sample["token_ns"][::7])]),
            "impossible: a token of an answer took no time",
        ),
        (
            lambda sample: sample.update(ttft_ns=3 * MS),
            "inconsistent: 3.00 ms for the prompt and the first token, and 7.94 ms or more for each other one",
        ),
        (lambda sample: sample.update(ttft_ns=5 * MS), None),
    ],
)
def test_one_answer_is_enough(change, reason):
    found = reasons(change)
    assert len(found) == (reason is not None)
    assert reason is None or reason in found[0]


def test_of_several_tokens_a_dispatch_nothing_is_known():
    assert reasons(faster, tokens_per_dispatch=9) == []


@pytest.mark.parametrize(
    ("sustained", "is_flagged"), [(100, False), (160, False), (185, False), (210, True), (400, True), (None, False)]
)
def test_the_sum_of_tokens_is_not_below_what_their_percentiles_say(sustained, is_flagged):
    """At least 0.4 * 10 + 0.09 * 12 + 0.01 * 30 = 5.38 ms in the mean: 186 tok/s at most."""
    row = {"itl_ms_p50": 10.0, "itl_ms_p90": 12.0, "itl_ms_p99": 30.0, "sustained_tok_per_s": sustained}
    found = [reason for check in CHECKS if (reason := check(row))]
    assert bool(found) is is_flagged
    assert all("ms in the mean, by their percentiles 5.38 or more" in reason for reason in found)


def test_spikes_do_not_set_it_off():
    rng = np.random.default_rng(2)
    for _ in range(200):
        tokens = rng.lognormal(0, rng.uniform(0, 1.5), int(rng.integers(20, 3000)))
        percentiles = dict(
            zip(("itl_ms_p50", "itl_ms_p90", "itl_ms_p99"), np.quantile(tokens, (0.5, 0.9, 0.99)), strict=True)
        )
        assert not any(check(percentiles | {"sustained_tok_per_s": 1000 / tokens.mean()}) for check in CHECKS)
