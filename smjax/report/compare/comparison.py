"""One scenario on two sides, as a value: both figures, their ratio with its interval, the verdict, and why."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from smjax.core.records.column import Column
from smjax.core.records.record import Record
from smjax.report.compare import estimating
from smjax.report.compare.comparable import disturbed
from smjax.report.compare.fields import (
    VERSIONS,
    Differences,
    alike_in,
    as_told,
    asked,
    differences,
    in_short,
    in_words,
    shown_of,
    software,
)
from smjax.report.compare.pairing import AS_NAMED, Pair, Process
from smjax.report.compare.spread import Spread
from smjax.report.data.agreement import together
from smjax.stats import ratios
from smjax.stats.intervals import LEVEL
from smjax.stats.ratios import Ratio
from smjax.stats.verdicts import Bounds, Verdict


@dataclass(frozen=True)
class Question:
    """What is asked of every pair."""

    metrics: tuple[Column, ...]
    """What is compared: of each pair the first that both sides have."""
    within: float
    """Up to this share a difference makes none."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the figures."""
        return tuple(metric.name for metric in self.metrics)


@dataclass(frozen=True)
class Comparison:
    """Its answer; what is unknown is None."""

    scenario: dict[str, Any]
    """Fields by name, as far as a side agrees with itself; where the sides differ, base's value and new's in a list."""
    differs: Differences
    """As it is told: an interpreter by what it has."""
    metric: Column
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
    count: tuple[int, int]
    """How many processes of base and of new have the figure; how many runs, where `are_runs`."""
    are_runs: bool
    is_measured: bool
    """Whether new tried to have it."""
    finished: tuple[bool, bool]
    """Whether a process of base, and one of new, finished ok; it may lack the figure all the same."""
    names: tuple[str, str]
    """What base and new are called."""
    is_disturbed: bool
    """Whether half of a side's processes were, or more: neighbours need not slow both sides alike."""

    @property
    def is_missing(self) -> bool:
        """Whether new has no process of it that finished ok, where base has one."""
        return self.finished == (True, False)

    @property
    def differences(self) -> tuple[str, ...]:
        """In what its sides differ, as a table tells it."""
        return in_short(self.differs, self.names if self.names != AS_NAMED else None)

    def to_json(self) -> dict[str, Any]:
        """As programs get it; see docs/comparing.md."""
        return {
            "scenario": self.scenario,
            "metric": self.metric.name,
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
    level = 1 - (1 - LEVEL) / max(1, both)
    return [_compared(pair, spread, question, level) for pair, spread in zip(pairs, spreads, strict=True)]


def _compared(pair: Pair, spread: Spread | None, question: Question, level: float) -> Comparison:
    ratio = estimating.ratio_of(pair, spread, level)
    bounds = Bounds.of(ratio)
    verdict = Verdict.UNDECIDED if bounds is None else bounds.verdict(question.within, pair.metric.better)
    apart = "not paired: the records know no blocks" if pair.axis and not estimating.has_blocks(pair) else ""
    undecided = verdict is Verdict.UNDECIDED
    more = estimating.what_decides(pair, spread, ratio, question.within, level) if undecided else ""
    told = spread.why if spread is not None and bounds is not None else ()
    differing = _differing(pair)
    count, are_runs = estimating.counted(pair)
    return Comparison(
        _scenario(pair, differing),
        as_told(differing, {name for process in (*pair.base[:1], *pair.new[:1]) for name in software(process.record)}),
        pair.metric,
        estimating.figure(pair.base),
        estimating.figure(pair.new),
        ratio.ratio,
        bounds,
        verdict,
        _detectable(ratio, question, level),
        tuple(filter(None, (*pair.said, *estimating.how_runs_lie(pair), ratio.reason, apart, more, _answers(pair)))),
        told,
        count,
        are_runs,
        bool(pair.new),
        (_any_ok(pair.base), _any_ok(pair.new)),
        pair.names,
        any(2 * count >= of > 0 for count, of in disturbed(pair)),
    )


def _answers(pair: Pair) -> str:
    """After how many ids both sides' answers to the same prompt part; empty where they do not, or nobody knows."""
    base, new = ([record for record in side if record.ok and record.ids] for side in pair.records)
    if not base or not new or _prompt(base[0]) != _prompt(new[0]):
        return ""
    compared = min(len(base[0].ids), len(new[0].ids))
    agree = together(base[0].ids, new[0].ids)
    return f"answers part after {agree} of {compared} ids" if agree < compared else ""


def _prompt(record: Record) -> Hashable:
    return record.model.hash, record.scenario.n_prompt, record.scenario.seed


def _any_ok(side: Sequence[Process]) -> bool:
    return any(process.record.ok for process in side)


def _detectable(ratio: Ratio, question: Question, level: float) -> float | None:
    """By the verdict: what lies inside of what makes no difference is called the same, however sure it is."""
    return None if ratio.estimate is None else ratios.detectable(ratio.estimate, level, question.within)


def _differing(pair: Pair) -> Differences:
    """In what the sides differ, first of all in the axis."""
    found = differences(*pair.records) if all(pair.records) else {}
    if pair.axis is None or not (pair.base and pair.new):
        return found
    base, new = (asked(side[0].record).get(pair.axis) for side in (pair.base, pair.new))
    return {pair.axis: found.get(pair.axis, (base, new))} | found


def _scenario(pair: Pair, differing: Differences) -> dict[str, Any]:
    records = [process.record for process in (*pair.base, *pair.new)]
    agreed, names = alike_in(records), dict.fromkeys((*shown_of(records[0]), *asked(records[0]), *VERSIONS))
    return {name: list(differing[name]) if name in differing else agreed.get(name) for name in names}
