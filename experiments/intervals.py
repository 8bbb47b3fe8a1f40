"""Do the intervals of smjax hold what they promise, and what do they cost? By simulation; no machine is measured.

    python experiments/intervals.py [--draws 20000] [--stopped 3000]

Prints, as Markdown, how often a row prints an interval that misses, and how often it prints none: in every regime, for
a fixed number of processes and where the first ones' spread decides how many there are; how wide intervals are; how
often comparisons find what is there, and what is not. It takes about ten minutes on one core.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from smjax.stats import modes, percentiles, serial
from smjax.stats.intervals import LEVEL, TESTABLE, judge
from smjax.stats.location import Estimate, locate, quantile_t
from smjax.stats.ratios import detectable, paired, unpaired
from smjax.stats.runs import between, measured
from smjax.stats.stopping import needed

Array = np.ndarray
SIZES = (4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 24, 30)
RULES = ((8, 0.02, 30), (8, 0.02, 12), (12, 0.01, 30), (5, 0.02, 30))
"""First stage, target, most."""


@dataclass(frozen=True)
class Regime:
    """A way in which processes differ: samples of logarithms (draws, n), and what an interval over n has to hold."""

    name: str
    draw: Callable[[np.random.Generator, int, int], Array]
    truth: Callable[[int], float] = lambda n: 0.0


def normal(spread: float) -> Regime:
    """Processes differ by chance alone."""
    return Regime(f"normal, spread {spread:.0%}", lambda rng, draws, n: spread * rng.standard_normal((draws, n)))


def stragglers(share: float) -> Regime:
    """A share of the processes is up to 25 % slower; an interval is for the median of all."""

    def draw(rng: np.random.Generator, draws: int, n: int) -> Array:
        slower = np.log1p(-0.25 * rng.random((draws, n)))
        return 0.02 * rng.standard_normal((draws, n)) + np.where(rng.random((draws, n)) < share, slower, 0)

    median = float(np.median(draw(np.random.default_rng(1), 1, 4_000_000)))
    return Regime(f"{share:.0%} up to 25 % slower", draw, lambda n: median)


def two_speeds(apart: float, spread: float) -> Regime:
    """Runs of 3 to 6 processes at one speed, then as many at the other; the long run's median lies between them."""

    def draw(rng: np.random.Generator, draws: int, n: int) -> Array:
        lengths = rng.integers(3, 7, (draws, n))
        starts = np.cumsum(lengths, 1) - rng.integers(0, lengths[:, :1])
        states = (starts[:, :, None] <= np.arange(n)).sum(1) + rng.integers(0, 2, (draws, 1))
        return states % 2 * math.log1p(-apart) + spread * rng.standard_normal((draws, n))

    return Regime(f"two speeds {apart:.0%} apart, spread {spread:.0%}", draw, lambda n: math.log1p(-apart) / 2)


def serial_06(rng: np.random.Generator, draws: int, n: int) -> Array:
    """Each process resembles the one before: correlation 0.6, spread 2 %."""
    noise = rng.standard_normal((draws, n))
    for number in range(1, n):
        noise[:, number] = 0.6 * noise[:, number - 1] + 0.8 * noise[:, number]
    return 0.02 * noise


def drift(rng: np.random.Generator, draws: int, n: int) -> Array:
    """Each process is 1 % slower than the one before, spread 2 %."""
    return 0.02 * rng.standard_normal((draws, n)) - 0.01 * np.arange(n)


NORMAL = tuple(map(normal, (0.01, 0.02, 0.03, 0.06)))
STRAGGLERS = tuple(map(stragglers, (0.05, 0.10, 0.15)))
REGIMES = (
    *NORMAL,
    *STRAGGLERS,
    *(two_speeds(apart, spread) for apart in (0.15, 0.25, 0.40) for spread in (0.02, 0.03)),
    Regime("lag-1 correlation 0.6", serial_06),
    Regime("drift 1 % a process", drift, lambda n: -0.01 * (n - 1) / 2),
)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--stopped", type=int, default=3_000)
    arguments = parser.parse_args()
    table(("misses (no ±), by processes", *map(str, SIZES)), fixed(arguments.draws))
    table(("mean half-width, by processes", *map(str, SIZES)), widths(arguments.draws))
    for rule in RULES:
        first, target, most = rule
        heading = f"first {first}, target {target:.0%}, at most {most}"
        columns = ("processes", "no ±", "misses", "stopped early", "of them held", "width by Student's")
        table((heading, *columns), stopped(rule, arguments.stopped))
    table(("comparisons", "share"), comparisons(arguments.stopped))
    table(("p99 over tokens, by processes", "4", "8", "12"), tails(arguments.stopped // 10))


def table(heading: Sequence[str], rows: Iterator[Sequence[str]]) -> None:
    """A Markdown table, row by row."""
    print("|", " | ".join(heading), "|\n| --- |" + " ---: |" * (len(heading) - 1))
    for row in rows:
        print("|", " | ".join(row), "|", flush=True)
    print()


def has_none(logs: Array) -> Array:
    """Which of the samples have no interval: the tests that `judge` makes, of many at once."""
    if logs.shape[-1] < TESTABLE:
        return np.zeros(len(logs), bool)
    parts = np.array_split(logs, max(1, len(logs) // 1_000))
    return np.concatenate([modes.best_cut(x).is_two | serial.drifts(x) | serial.resembles(x) for x in parts])


def reaches(logs: Array) -> tuple[Array, Array]:
    """Centres and how far their intervals reach."""
    centres, errors, degrees = locate(logs)
    return centres, quantile_t((1 + LEVEL) / 2, degrees) * errors


def fixed(draws: int) -> Iterator[Sequence[str]]:
    """By regime and number of processes: rows with an interval that misses, and those without one."""
    for regime in (NORMAL[0], *REGIMES[len(NORMAL) - 1 :]):
        cells = []
        for n in SIZES:
            logs = regime.draw(np.random.default_rng(n), draws, n)
            none, (centres, reach) = has_none(logs), reaches(logs)
            misses = (np.abs(centres - regime.truth(n)) > reach) & ~none
            cells.append(f"{100 * misses.mean():.1f} ({100 * none.mean():.1f})")
        yield regime.name, *cells


def widths(draws: int) -> Iterator[Sequence[str]]:
    """Mean half-widths of the rows that print one, also over Student's of the same rows."""
    for regime in (*NORMAL[:2], *STRAGGLERS):
        ours, students = [], []
        for n in SIZES:
            logs = regime.draw(np.random.default_rng(n), draws, n)
            printed = ~has_none(logs)
            ours.append(np.expm1(reaches(logs)[1][printed]).mean())
            students.append(np.expm1(student(logs)[printed]).mean())
        yield regime.name, *(f"{width:.2%}" for width in ours)
        yield f"{regime.name}: by Student's", *(f"{a / b:.2f}" for a, b in zip(ours, students, strict=True))


def student(logs: Array) -> Array:
    """How far Student's intervals reach."""
    n = logs.shape[-1]
    return stats.t.ppf((1 + LEVEL) / 2, n - 1) * logs.std(-1, ddof=1) / math.sqrt(n)


def stopped(rule: tuple[int, float, int], draws: int) -> Iterator[Sequence[str]]:
    """By regime, what rows are like whose number of processes the first ones decided."""
    first, target, most = rule
    for regime in REGIMES:
        rows = []
        for logs in regime.draw(np.random.default_rng(5), draws, most):
            n = needed(np.exp(logs[:first]), target, most)
            found = judge(np.exp(logs[:n]), first=first, target=target)
            held = found.lo is None or math.log(found.lo) <= regime.truth(n) <= math.log(found.hi)
            rows.append((n, found.lo is None, not held, n < most, found.half_width or 0, np.expm1(student(logs[:n]))))
        n, none, missed, early, width, students = np.array(rows, float).T
        printed = none == 0
        alone = printed & (early == 1)
        held = f"{100 - 100 * missed[alone].mean():.1f} %" if alone.any() else ""
        price = f"{width[printed].mean() / students[printed].mean():.2f}" if printed.any() else ""
        shares = (f"{100 * share.mean():.1f} %" for share in (none, missed, early))
        yield regime.name, f"{n.mean():.1f}", *shares, held, price


def comparisons(draws: int) -> Iterator[Sequence[str]]:
    """How often a ratio's interval leaves out 1: without a difference, and with one of the size that is detectable."""
    rng = np.random.default_rng(6)
    for n in (5, 8, 12, 20):
        sides = np.exp(0.02 * rng.standard_normal((draws, 2, n)))
        pairs = [unpaired(judge(a), judge(b)) for a, b in sides]
        yield from found_shares(f"independent, {n} and {n} processes", pairs)
        blocks = np.exp(0.03 * rng.standard_normal((draws, 1, n))) * sides
        yield from found_shares(f"paired, {n} blocks", [paired(a, b) for a, b in blocks])
    for history in (5, 10, 20):
        yield f"between runs 1 % apart, {history} earlier: no difference", f"{between_runs(rng, draws, history):.1%}"


def found_shares(name: str, pairs: Sequence) -> Iterator[Sequence[str]]:
    """Shares of the pairs with an interval."""
    estimates = [pair.estimate for pair in pairs if pair.estimate is not None]
    none = np.mean([differs(found) for found in estimates])
    some = np.mean([differs(found, math.log1p(detectable(found))) for found in estimates])
    new = np.mean([differs(found, math.log1p(detectable(before))) for before, found in itertools.pairwise(estimates)])
    yield f"{name}: no difference", f"{none:.1%}"
    yield f"{name}: a difference as large as its own `detectable`", f"{some:.1%}"
    yield f"{name}: as large as that of other data alike", f"{new:.1%}"


def differs(found: Estimate, effect: float = 0.0) -> bool:
    """Whether the interval leaves out 0 once this effect is added."""
    return abs(found.centre + effect) > found.reach(LEVEL)


def between_runs(rng: np.random.Generator, draws: int, history: int) -> float:
    """Share of pairs of runs of the same thing that differ; 8 processes of 2 % a run, 1 % between runs."""
    shape = (draws, history + 2, 8)
    runs = 0.02 * rng.standard_normal(shape) + 0.01 * rng.standard_normal((*shape[:2], 1))
    centres, errors, degrees = locate(runs)
    found = []
    for row in zip(centres, errors, strict=True):
        one, other, *earlier = (Estimate(float(c), float(e), degrees) for c, e in zip(*row, strict=True))
        spread = measured([earlier])
        found.append(differs(between(one, other, (spread, spread))))
    return float(np.mean(found))


def tails(draws: int) -> Iterator[Sequence[str]]:
    """How often the interval of p99 holds it, where processes differ in how often they hiccup."""
    for uneven in (0.0, 0.5, 1.0):
        rng = np.random.default_rng(7)
        truth = np.quantile(hiccups(rng, 4_000, uneven), 0.99)
        cells = []
        for n in (4, 8, 12):
            bounds = [percentiles.interval_over_tokens(hiccups(rng, n, uneven), 0.99) for _ in range(draws)]
            held = [lo <= truth <= hi for lo, hi in filter(None, bounds)]
            cells.append(f"{np.mean(held):.1%} (none {1 - len(held) / draws:.1%})")
        yield f"rate of hiccups varies by {uneven:.0%} between processes", *cells


def hiccups(rng: np.random.Generator, processes: int, uneven: float) -> Array:
    """Times of 1,500 tokens of each process: a level, noise, and 1.5 % of them longer by half."""
    rates = 0.015 * (rng.gamma(uneven**-2, uneven**2, (processes, 1)) if uneven else np.ones((processes, 1)))
    shape = (processes, 1_500)
    times = np.exp(0.02 * rng.standard_normal((processes, 1)) + 0.01 * rng.standard_normal(shape))
    return np.where(rng.random(shape) < rates, times * (1 + rng.exponential(0.5, shape)), times)


if __name__ == "__main__":
    main()
