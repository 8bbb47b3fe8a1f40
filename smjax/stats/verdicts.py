"""Whether what was measured twice has changed, as a value: numbers in, a verdict out; its words are the renderer's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from smjax.stats.intervals import ratio

FEW_SAMPLES = 4
"""Fewer have no quartiles."""

Samples = Sequence[Sequence[float]]
"""Of each process, positive numbers of one unit."""


class Word(StrEnum):
    """What can be said of a change."""

    REAL = "real"
    """The interval of the ratio does not include 1."""
    NOT_DISTINGUISHABLE = "not distinguishable"
    """It does."""
    OUTSIDE = "outside"
    """No interval; the medians differ by more than either side's samples spread."""
    WITHIN = "within"
    """No interval; they differ by less."""
    UNKNOWN = "unknown"
    """No interval and no spread."""


@dataclass(frozen=True)
class Verdict:
    """How two sides of processes compare."""

    word: Word
    ratio: float | None
    """Of the medians over the processes' medians, now / before; None where one is unknown, or was nothing before."""
    lo: float | None = None
    """Ends of the 95 % interval of the ratio; None without one."""
    hi: float | None = None


def judge(now: Samples, before: Samples) -> Verdict:
    """By the interval of the ratio of the processes' medians where both sides have two or more, else by the spread."""
    ours, theirs = ([float(np.median(process)) for process in side if len(process)] for side in (now, before))
    if not ours or not theirs:
        return Verdict(Word.UNKNOWN, None)
    is_now, was = float(np.median(ours)), float(np.median(theirs))
    change, found = is_now / was if was else None, ratio(ours, theirs)
    if found is None:
        return Verdict(_by_spread(abs(is_now - was), now, before), change)
    _, lo, hi = found
    return Verdict(Word.NOT_DISTINGUISHABLE if lo <= 1 <= hi else Word.REAL, change, lo, hi)


def _by_spread(difference: float, *sides: Samples) -> Word:
    samples = [np.concatenate(side) for side in sides]
    if all(len(one) < 2 for one in samples):
        return Word.UNKNOWN
    return Word.WITHIN if difference <= max(map(_spread, samples)) else Word.OUTSIDE


def _spread(samples: np.ndarray) -> float:
    """The interquartile range; of few samples their whole range."""
    lo, hi = (0, 1) if len(samples) < FEW_SAMPLES else (0.25, 0.75)
    return float(np.quantile(samples, hi) - np.quantile(samples, lo))
