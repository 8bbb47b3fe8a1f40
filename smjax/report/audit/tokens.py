"""Whether the times of an answer's tokens go with its other times: they are differences of one clock's readings."""

from __future__ import annotations

from collections.abc import Callable

from smjax.core.numbers import significant
from smjax.report.audit.impossible import answers_of
from smjax.report.render.grid import Row

_CLOCK_NS = 100
"""Between two readings of a clock a step may be lost; those that smjax uses have steps of 1 to 50 ns."""
_OF_A_TOKEN = 0.5
"""A prompt takes as much as one token of it at least, but for what a deeper cache costs."""
_SUSTAINED = "sustained_tok_per_s"
_SLACK = 1.01
"""Percentiles lie between two tokens."""


def tokens_disagree(row: Row) -> str | None:
    """The times of an answer's tokens after the first are n_gen - 1, and add up to its decode time."""
    for record, sample in answers_of(row):
        tokens, n_gen = sample.token_ns, record.scenario.n_gen
        if not tokens or record.scenario.tokens_per_dispatch != 1:
            continue
        if len(tokens) != n_gen - 1:
            return f"inconsistent: an answer of {n_gen} tokens has {len(tokens)} times of tokens after the first"
        if abs(sum(tokens) - sample.decode_ns) > _CLOCK_NS * len(tokens):
            added, decode = significant(sum(tokens) / 1e6, 6), significant(sample.decode_ns / 1e6, 6)
            return f"inconsistent: the tokens of an answer took {added} ms, the answer {decode} ms"
    return None


def token_without_time(row: Row) -> str | None:
    """A token that is a dispatch of its own takes some."""
    for record, sample in answers_of(row):
        if sample.token_ns and record.scenario.tokens_per_dispatch == 1 and min(sample.token_ns) == 0:
            return "impossible: a token of an answer took no time"
    return None


def prompt_faster_than_a_token(row: Row) -> str | None:
    """The first id comes after a pass through the whole model, as every other one does."""
    for record, sample in answers_of(row):
        if not sample.token_ns or record.scenario.tokens_per_dispatch != 1:
            continue
        fastest = min(sample.token_ns)
        if sample.ttft_ns < _OF_A_TOKEN * fastest:
            prompt, token = significant(sample.ttft_ns / 1e6), significant(fastest / 1e6)
            told = f"{prompt} ms for the prompt and the first token, and {token} ms or more for each other one"
            return f"inconsistent: {told}"
    return None


def sum_below_its_percentiles(row: Row) -> str | None:
    """Half of the tokens take the median or more, a tenth p90, one in a hundred p99: their mean is at least that."""
    p50, p90, p99, sustained = (row.get(name) for name in ("itl_ms_p50", "itl_ms_p90", "itl_ms_p99", _SUSTAINED))
    if p50 is None or p90 is None or p99 is None or not sustained:
        return None
    least, mean = 0.4 * p50 + 0.09 * p90 + 0.01 * p99, 1000 / sustained
    if mean >= least / _SLACK:
        return None
    told = f"{significant(mean)} ms in the mean, by their percentiles {significant(least)} or more"
    return f"inconsistent: tokens took {told}"


CHECKS: tuple[Callable[[Row], str | None], ...] = (
    tokens_disagree,
    token_without_time,
    prompt_faster_than_a_token,
    sum_below_its_percentiles,
)
