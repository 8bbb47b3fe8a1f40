"""Whether a row can be a measurement: one function for each thing that a measurement hardly ever does.

A row is a dict of the summary's columns. Where its records are known it has them too (`records`), with the samples
behind it (`decode_tok_per_s_samples` and `ttft_ms_samples`, a list per process) and their medians, and the row of the
same scenario in a summary beside the records (`stated`, a list). A check says what it found, with figures, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from smjax.core.numbers import significant
from smjax.report.audit.impossible import answers_of, records_of
from smjax.report.data.main_figure import OF_OPS
from smjax.report.render.grid import Row

_NOT_CREDIBLE = 1.25
"""Share of the read bandwidth that is no measuring error any more: a decode step does more than read, and the most of
it that a healthy row had was 0.84 (a model far larger than the caches)."""
_FEW = 3
"""Fewer values that agree may do so by chance."""
_EVEN = 4e-7
"""How exactly steps must agree to be even: times of 10 ms in whole nanoseconds leave 1e-7."""
_SLACK, _SLACK_MEASURED = 0.1, 0.4
"""By what share medians may differ that follow from each other in every sample. Of 20,000 rows with three samples that
spread by 20 %, as on a busy machine, the farthest differed by 38 %; a published table is of a quiet one."""


def no_variance(row: Row) -> str | None:
    """Two answers hardly take the same nanoseconds, and three never do; nor do all tokens of one."""
    for what, unit, values in _values(row):
        if len(values) >= _FEW and len(set(values)) == 1:
            return f"zero variance: all {len(values)} {what} are {significant(values[0], 4)} {unit}"
    for _, sample in answers_of(row):
        tokens = sample.token_ns or ()
        if len(tokens) > _FEW and len(set(tokens)) == 1:
            return f"zero variance: all {len(tokens)} tokens of an answer took {tokens[0]} ns"
    return None


def even_steps(row: Row) -> str | None:
    """Noise does not go up, or down, by the same step."""
    for what, _, values in _values(row):
        rates = np.array(values, float)
        if len(rates) > _FEW and rates.min() > 0 and (_is_even(rates) or _is_even(1 / rates)):
            return f"formula-like variance: the {what} go in even steps"
    return None


def _values(row: Row) -> Iterator[tuple[str, str, Sequence[float]]]:
    """What noise must part: what it is, unit, values."""
    for kind, name, unit in (("decode", "decode_tok_per_s", "tok/s"), ("ttft", "ttft_ms", "ms")):
        for samples in row.get(f"{name}_samples") or ():
            yield f"{kind} samples of a process", unit, samples
        yield f"{kind} medians of the processes", unit, row.get(f"{name}_medians") or []


def _is_even(values: np.ndarray) -> bool:
    steps = np.diff(values)
    return bool(steps[0] != 0 and np.ptp(steps) <= _EVEN * values.max())


def above_roofline(row: Row) -> str | None:
    """Nothing decodes faster than its bytes are read; of the readings, one per process, the fastest counts."""
    readings = [record.read_bandwidth for record in records_of(row)]
    fastest = max((reading.bytes_per_s or 0 for reading in readings if reading), default=0)
    share = row["roofline"]
    if share and fastest:
        share = row["bytes_per_token"] * row["decode_tok_per_s"] / fastest
    if not share or share <= _NOT_CREDIBLE:
        return None
    return f"above the roofline: decoding reads {share:.2f} times what the same threads can read"


def less_memory_than_weights(row: Row) -> str | None:
    """Weights that are read for every token are resident."""
    peak, weights = row["peak_rss_mb"], row["weight_mb"]
    if peak is None or weights is None or peak >= weights:
        return None
    return f"RSS below the weights: peak {peak:.1f} MB, weights {weights:.1f} MB"


def too_round(row: Row) -> str | None:
    """A clock of nanoseconds does not give three digits and nothing after them."""
    rate = row["decode_tok_per_s"]
    if rate is None or row["provenance"] != "measured" or not has_digits(rate, 3):
        return None
    return f"round number: decode tok/s is measured as exactly {rate:g}"


def has_digits(value: float, digits: int) -> bool:
    """Whether so many significant digits say all of `value`."""
    return float(f"{value:.{digits - 1}e}") == value


def figures_disagree(row: Row) -> str | None:
    """Of a row without its records: what follows from its other figures."""
    if row.get("records") is not None:
        return None
    for name, stated, expected, margin in _relations(row):
        if stated is not None and expected and not 1 / (1 + margin) <= stated / expected <= 1 + margin:
            return f"inconsistent: {name} {significant(stated, 4)}, by its other figures {significant(expected, 4)}"
    p50, p90, p99 = (row[f"itl_ms_p{percent}"] for percent in (50, 90, 99))
    if None not in (p50, p90, p99) and not p50 <= p90 <= p99:
        return f"inconsistent: ITL p50 {p50:g}, p90 {p90:g}, p99 {p99:g} ms"
    # Half of the tokens take the median or more, so that the mean is at least half of it.
    if p50 and row["decode_tok_per_s"] and p50 / 2 > (1 + _SLACK) * 1000 / row["decode_tok_per_s"]:
        return f"inconsistent: {row['decode_tok_per_s']:g} tok/s, and half of the tokens took {p50:g} ms or more"
    return None


def _relations(row: Row) -> Iterator[tuple[str, float | None, float | None, float]]:
    """Name, what the row states, what follows from its other figures, and by what share they may differ."""
    rate, ttft_ms, n_gen = (row[name] for name in ("decode_tok_per_s", "ttft_ms", "n_gen"))
    slack = _SLACK_MEASURED if row["provenance"] == "measured" else _SLACK
    if rate and ttft_ms:
        yield "e2e tok/s", row["e2e_tok_per_s"], n_gen / (ttft_ms / 1000 + (n_gen - 1) / rate), slack
    if ttft_ms and row["n_prompt"]:
        yield "prefill tok/s", row["prefill_tok_per_s"], row["n_prompt"] / ttft_ms * 1000, slack
    if rate and (row["cores"] or row["threads"]):
        yield "tok/s per core", row["tok_per_s_per_core"], rate / (row["cores"] or row["threads"]), 0.01
    if rate:
        yield "TPOT ms", row["tpot_ms"], 1000 / rate, slack
        yield "GB/s", row["gb_per_s"], (row["bytes_per_token"] or 0) * rate / 1e9, 0.01


def longer_than_the_process(row: Row) -> str | None:
    """All answers fit into the life of their process."""
    for record in records_of(row):
        took = sum(sample.ttft_ns + sample.decode_ns for sample in [*record.samples, *record.warmup_samples])
        if record.ok and took > record.wall_ns:
            return f"inconsistent: answers of {took / 1e9:.3f} s in a process of {record.wall_ns / 1e9:.3f} s"
    return None


def summary_disagrees(row: Row) -> str | None:
    """What a summary beside the records states of as many samples is what they give."""
    found = [_difference(stated, row) for stated in row.get("stated") or ()]
    # Where two models have one name, two rows are stated, and one of them is the right one.
    return f"inconsistent: the summary beside the records says {found[0]}" if all(found) and found else None


def _difference(stated: Row, row: Row) -> str | None:
    for name in (*("decode_tok_per_s", "e2e_tok_per_s", "prefill_tok_per_s", "ttft_ms", "peak_rss_mb"), *OF_OPS):
        if stated[name] and row[name] and abs(stated[name] / row[name] - 1) > 1e-6:
            return f"{name} {stated[name]:g}, they give {row[name]:g}"
    return None


CHECKS: tuple[Callable[[Row], str | None], ...] = (
    no_variance,
    even_steps,
    above_roofline,
    less_memory_than_weights,
    too_round,
    figures_disagree,
    longer_than_the_process,
    summary_disagrees,
)
