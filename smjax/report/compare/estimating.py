"""The ratio of a pair: by its blocks, of two runs with what lies between runs, or over several runs of a side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from smjax.core.numbers import plural
from smjax.core.text import printable
from smjax.report.compare.pairing import Pair, Process, by_blocks, by_run, known
from smjax.report.compare.spread import Spread, percent
from smjax.stats import intervals, ratios
from smjax.stats.intervals import Interval, judge
from smjax.stats.location import Array, Estimate, estimate
from smjax.stats.ratios import Ratio
from smjax.stats.runs import BetweenRuns, over_runs
from smjax.stats.stopping import first_stage


def no_ratio(reason: str) -> Ratio:
    """Where there is none."""
    return Ratio(None, None, None, None, reason)


def ratio_of(pair: Pair, spread: Spread | None, level: float) -> Ratio:
    """New / base; without a value, and with the reason, where a side has no figure or no interval."""
    if pair.refused:
        return no_ratio(pair.refused)
    sides = (("base", pair.base), ("new", pair.new))
    lacking = [f"{name}: {_nothing(side)}" for name, side in sides if not known(side)]
    if lacking:
        return no_ratio("; ".join(lacking))
    if has_blocks(pair):
        blocks = by_blocks(pair.base, pair.new)
        return ratios.paired([base for base, _ in blocks], [new for _, new in blocks], level)
    base, new = (_interval(side, level) for side in (pair.base, pair.new))
    return ratios.unpaired(base, new, level, spread.runs if spread else (None, None))


def has_blocks(pair: Pair) -> bool:
    """Whether the sides ran in the same blocks, and the records know in which."""
    return pair.axis is not None and any(process.block is not None for process in (*pair.base, *pair.new))


def figure(side: Sequence[Process]) -> float | None:
    """The median over processes; of several runs the mean (geometric) of where they lie; None without a figure."""
    if runs := _several(side):
        return math.exp(over_runs(runs).centre)
    values = known(side)
    return median(values) if values else None


def counted(pair: Pair) -> tuple[tuple[int, int], bool]:
    """How many processes of base and of new have the figure, or how many runs if a side has several; and if it has."""
    runs = len(by_run(pair.base)), len(by_run(pair.new))
    if max(runs) > 1:
        return runs, True
    base, new = pair.values
    return (len(base), len(new)), False


def how_runs_lie(pair: Pair) -> list[str]:
    """Of each side that is several runs."""
    sides = (("base", _several(pair.base)), ("new", _several(pair.new)))
    return [
        f"{name}: {len(runs)} runs, {percent(_deviation(runs))} apart (standard deviation)"
        for name, runs in sides
        if runs
    ]


def what_decides(pair: Pair, spread: Spread | None, ratio: Ratio, within: float, level: float) -> str:
    """About how many more blocks, processes or runs would decide what is undecided; empty without a ratio."""
    if ratio.estimate is None:
        return ""
    if spread is not None:
        more = _more_runs(pair, spread, ratio.estimate, within, level)
        return _would_decide(more, "run", "runs", " a side")
    if has_blocks(pair):
        return _would_decide(_more_blocks(pair, ratio.estimate, within, level), "block", "blocks")
    more = ratios.more_blocks(ratio.estimate, min(map(len, pair.values)), within, level)
    return _would_decide(more, "process", "processes", " a side")


def _would_decide(more: int | None, one: str, several: str, where: str = "") -> str:
    if more is None:
        return f"more {several} would not decide"
    return f"about {plural(more, f'more {one}', f'more {several}')}{where} would decide" if more else ""


def _more_blocks(pair: Pair, found: Estimate, within: float, level: float) -> int | None:
    """So many that as large a part of them as until now has a figure on both sides."""
    counted = len(by_blocks(pair.base, pair.new))
    ran = set.intersection(*({process.block for process in side} for side in (pair.base, pair.new)))
    more = ratios.more_blocks(found, counted, within, level)
    return None if more is None else math.ceil(more * len(ran) / counted)


def _more_runs(pair: Pair, spread: Spread, found: Estimate, within: float, level: float) -> int | None:
    base, new = (_runs_of(side, between) for side, between in zip((pair.base, pair.new), spread.runs, strict=True))
    return ratios.more_runs(found.centre, (base, new), within, level)


def _runs_of(side: Sequence[Process], between: BetweenRuns | None) -> tuple[int, float]:
    """How many there are, and the variance of what one more would find: by those, or of one and between runs."""
    if runs := _several(side):
        return len(runs), _deviation(runs) ** 2
    own = judge(known(side)).estimate
    return 1, (own.error**2 if own else 0.0) + (between.deviation**2 if between else 0.0)


def _interval(side: Sequence[Process], level: float) -> Interval:
    """Of a side's processes, or of its runs if it has several."""
    runs = _several(side)
    if not runs:
        return _over_processes(side, level)
    found = over_runs(runs)
    lo, hi = found.at(found.reach(level))
    return Interval(math.exp(found.centre), lo, hi, estimate=found)


def _over_processes(side: Sequence[Process], level: float) -> Interval:
    """Of one row, whose number of processes its first ones may have chosen."""
    measure = side[0].record.scenario.measure
    first = first_stage(measure.replicates, len(side))
    if first is not None:
        first = sum(process.value is not None and process.record.replicate < first for process in side)
    return judge(known(side), level, first=first, target=measure.target_ci)


def _several(side: Sequence[Process]) -> list[Estimate]:
    """Where each of a side's runs lies, if it has several; none where a figure is not positive: it has no logarithm."""
    logs = [intervals.logarithms(values) for values in by_run(side)]
    several = [_centre(run) for run in logs if run is not None]
    return several if len(logs) == len(several) > 1 else []


def _centre(logs: Array) -> Estimate:
    return estimate(logs) if logs.size > 1 else Estimate(float(logs[0]), 0.0, math.inf)


def _deviation(runs: Sequence[Estimate]) -> float:
    """How far several runs lie apart, of logarithms."""
    return over_runs(runs).error * math.sqrt(len(runs))


def _nothing(side: Sequence[Process]) -> str:
    """Why a side has no figure."""
    if not side:
        return "not measured"
    failed = [process.record for process in side if not process.record.ok]
    if len(failed) < len(side):
        return "no such figure"
    return f"no process finished ok: {printable(failed[0].reason, None) or failed[0].status}"
