"""Times of tokens that contradict the other times of their answer."""

from __future__ import annotations

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
