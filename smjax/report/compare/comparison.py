"""One scenario on two sides, as a value: both figures, their ratio with its interval, the verdict, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from smjax.core.numbers import plural
from smjax.core.records.column import Column
from smjax.core.text import printable
from smjax.report.compare.fields import SHOWN, Differences, alike_in, asked, differences, in_words
from smjax.report.compare.pairing import Pair, Process, by_blocks, known
from smjax.report.compare.spread import Spread
from smjax.report.compare.verdicts import Bounds, Verdict
from smjax.stats import intervals, ratios
from smjax.stats.ratios import Ratio

_FOUND = {"jaxlib", "smjax"}
"""What is told of a scenario if the sides differ in it."""


@dataclass(frozen=True)
class Question:
    """What is asked of every pair."""

    metric: Column
    within: float
    """Up to this share a difference makes none."""


@dataclass(frozen=True)
class Comparison:
    """Its answer; what is unknown is None."""

    scenario: dict[str, Any]
    """Fields by name, as far as a side agrees with itself; where the sides differ, base's value and new's in a list."""
    differs: Differences
    metric: str
    base: float | None
    new: float | None
    ratio: float | None
    bounds: Bounds | None
    verdict: Verdict
    detectable: float | None
    why: tuple[str, ...]
    """Without what differs, and how far runs lie apart."""
    spread: tuple[str, ...]
    """How far runs lie apart, and how that is known; empty within a run."""
    processes: tuple[int, int]
    """Of base and of new, that have the figure."""
    is_measured: bool
    """Whether new tried to have it."""

    @property
    def is_missing(self) -> bool:
        """Whether new has no figure where base has one."""
        return self.base is not None and self.new is None

    def to_json(self) -> dict[str, Any]:
        """As programs get it; see docs/comparing.md."""
        return {
            "scenario": self.scenario,
            "metric": self.metric,
            "base": self.base,
            "new": self.new,
            "ratio": self.ratio,
            "ratio_lo": self.bounds.lo if self.bounds else None,
            "ratio_hi": self.bounds.hi if self.bounds else None,
            "verdict": str(self.verdict),
            "detectable": self.detectable,
            "why": "; ".join((*in_words(self.differs), *self.why, *self.spread)),
        }


def compare(pairs: Sequence[Pair], spreads: Sequence[Spread | None], question: Question) -> list[Comparison]:
    """An answer to each pair. Their intervals hold all at once, with a chance of 95 % that none misses (Bonferroni).

    `spreads`: of runs, for each pair whose sides are of different runs.
    """
    both = sum(bool(base and new) for base, new in (pair.values for pair in pairs))
    level = 1 - (1 - intervals.LEVEL) / max(1, both)
    return [_compared(pair, spread, question, level) for pair, spread in zip(pairs, spreads, strict=True)]


def _compared(pair: Pair, spread: Spread | None, question: Question, level: float) -> Comparison:
    base, new = pair.values
    ratio = _missing(pair) or _ratio(pair, spread, level)
    bounds = Bounds.of(ratio)
    verdict = Verdict.UNDECIDED if bounds is None else bounds.verdict(question.within, question.metric.better)
    apart = "not paired: the records know no blocks" if pair.axis and not _has_blocks(pair) else ""
    more = _more(pair, spread, ratio, question, level) if verdict is Verdict.UNDECIDED else ""
    told = spread.why if spread is not None and bounds is not None else ()
    differing = _differing(pair)
    return Comparison(
        _scenario(pair, differing),
        differing,
        question.metric.name,
        median(base) if base else None,
        median(new) if new else None,
        ratio.ratio,
        bounds,
        verdict,
        ratio.detectable,
        tuple(filter(None, (ratio.reason, apart, more))),
        told,
        (len(base), len(new)),
        bool(pair.new),
    )


def _differing(pair: Pair) -> Differences:
    """In what the sides differ, first of all in the axis."""
    found = differences(*pair.records) if all(pair.records) else {}
    if pair.axis is None or not (pair.base and pair.new):
        return found
    base, new = (asked(side[0].record).get(pair.axis) for side in (pair.base, pair.new))
    return {pair.axis: found.get(pair.axis, (base, new))} | found


def _scenario(pair: Pair, differing: Differences) -> dict[str, Any]:
    records = [process.record for process in (*pair.base, *pair.new)]
    agreed, names = alike_in(records), dict.fromkeys((*SHOWN, *asked(records[0]), *(_FOUND & differing.keys())))
    return {name: list(differing[name]) if name in differing else agreed.get(name) for name in names}


def _missing(pair: Pair) -> Ratio | None:
    """No ratio where a side has no figure at all."""
    sides = (("base", pair.base), ("new", pair.new))
    why = [f"{name}: {_nothing(side)}" for name, side in sides if not known(side)]
    return Ratio(None, None, None, None, "; ".join(why)) if why else None


def _nothing(side: Sequence[Process]) -> str:
    if not side:
        return "not measured"
    failed = [process.record for process in side if not process.record.ok]
    if len(failed) < len(side):
        return "no such figure"
    return f"no process finished ok: {printable(failed[0].reason, None) or failed[0].status}"


def _ratio(pair: Pair, spread: Spread | None, level: float) -> Ratio:
    if _has_blocks(pair):
        blocks = by_blocks(pair.base, pair.new)
        return ratios.paired([base for base, _ in blocks], [new for _, new in blocks], level)
    base, new = (intervals.judge(values, level) for values in pair.values)
    return ratios.unpaired(base, new, level, spread.runs if spread else (None, None))


def _has_blocks(pair: Pair) -> bool:
    return pair.axis is not None and any(process.block is not None for process in (*pair.base, *pair.new))


def _more(pair: Pair, spread: Spread | None, ratio: Ratio, question: Question, level: float) -> str:
    """What would decide."""
    if ratio.estimate is None:
        return ""
    paired = _has_blocks(pair)
    count = len(by_blocks(pair.base, pair.new)) if paired else min(map(len, pair.values))
    fixed = math.sqrt(sum(runs.deviation**2 for runs in spread.runs)) if spread else 0.0
    more = ratios.more_blocks(ratio.estimate, count, question.within, level, fixed)
    one, several, where = ("block", "blocks", "") if paired else ("process", "processes", " a side")
    if more is None:
        return f"more {several} would not decide"
    return f"about {plural(more, f'more {one}', f'more {several}')}{where} would decide" if more else ""
