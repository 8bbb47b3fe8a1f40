"""How fast an answer and a process are: one definition for what stops a sweep and for what is reported of it."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median


def decode_tok_per_s(n_gen: int, decode_ns: int) -> float | None:
    """Decode rate of one answer of `n_gen` tokens, the first of which is prefill's; None where it took no time."""
    return (n_gen - 1) * 1e9 / decode_ns if decode_ns > 0 else None


def of_process(rates: Iterable[float | None]) -> float | None:
    """A process's figure from those of its answers: the median of the known ones; None if there are none."""
    known = [rate for rate in rates if rate is not None]
    return median(known) if known else None
