"""Verdicts on ratios, read off their intervals as they are printed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from smjax.stats.ratios import Ratio

_PRINTED = 10_000
"""Ends of intervals are given in so many parts, rounded outwards: what is judged is what is printed."""


class Verdict(StrEnum):
    """Of new beside base, in the sense of better or worse for the metric."""

    FASTER = "faster"
    SLOWER = "slower"
    SAME = "same"
    """The interval lies inside of what makes no difference."""
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Bounds:
    """The interval of a ratio new / base as it is printed."""

    lo: float
    hi: float

    @classmethod
    def of(cls, ratio: Ratio) -> Bounds | None:
        """None where the ratio has none."""
        if ratio.lo is None or ratio.hi is None:
            return None
        return cls(math.floor(ratio.lo * _PRINTED) / _PRINTED, math.ceil(ratio.hi * _PRINTED) / _PRINTED)

    def verdict(self, within: float, better: str) -> Verdict:
        """`within`: the share up to which a difference makes none; `better`: higher or lower."""
        if 1 - within <= self.lo and self.hi <= 1 + within:
            return Verdict.SAME
        if self.lo <= 1 <= self.hi:
            return Verdict.UNDECIDED
        return Verdict.FASTER if (self.lo > 1) == (better == "higher") else Verdict.SLOWER

    def slowdown(self, threshold: float, better: str) -> Verdict:
        """Slower if the whole interval lies beyond a slowdown by this share, same if none of it does."""
        slow_end, fast_end = (self.lo, self.hi) if better == "higher" else (-self.hi, -self.lo)
        limit = 1 - threshold if better == "higher" else -(1 + threshold)
        if fast_end < limit:
            return Verdict.SLOWER
        return Verdict.SAME if slow_end >= limit else Verdict.UNDECIDED
