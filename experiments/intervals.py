"""Do the intervals of smjax hold what they promise, and what do they cost? By simulation; no machine is measured.

    python experiments/intervals.py [--draws 10000] [--stopped 10000] [--pairs 3000] [--seed 2026]

Prints, as Markdown, how often a row prints an interval that misses, and how often it prints none: in every regime, for
a fixed number of processes and where the first ones decide how many there are; how wide intervals are; how often
comparisons find what is there, and what is not; and of each thing that is to be held the worst case. It takes about
three minutes on one core.
"""

from __future__ import annotations

import argparse

import numpy as np
from simulation import bars, pairs, tables
from simulation.regimes import REGIMES, Regime
from simulation.rows import Rule, Summary, fixed, stopped
from simulation.sums import sums
from simulation.tails import tails

SIZES = range(4, 31)
RULES = (Rule(8, 0.02, 30), Rule(8, 0.02, 12), Rule(12, 0.01, 30), Rule(5, 0.02, 30))
CORRELATIONS = (0.0, 0.5, 0.7)


def main() -> None:
    """Print all tables."""
    arguments = parse()
    seed, draws = arguments.seed, arguments.pairs
    of_size = {key: found for regime in REGIMES for key, found in by_size(regime, arguments.draws, seed).items()}
    tables.misses(of_size)
    tables.widths(of_size)
    of_rule = {
        (regime.name, rule): by_rule(regime, rule, arguments.stopped, seed) for rule in RULES for regime in REGIMES
    }
    tables.two_stages(of_rule)
    found = [*pairs.in_sweeps(draws, seed), *pairs.between_runs(draws, seed)]
    tables.comparisons(found)
    widths = list(pairs.widths(draws // 3, seed, CORRELATIONS))
    tables.paired(widths)
    tables.pairs_in_stages(pairs.in_stages(arguments.stopped, seed))
    tables.percentiles(tails(draws // 10, seed))
    tables.in_the_long_run(sums(draws, seed))
    tables.limits([*bars.of_rows(of_size, of_rule), *bars.of_pairs(found, widths)])


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=10_000, help="of each regime")
    parser.add_argument("--stopped", type=int, default=10_000, help="of each regime in two stages")
    parser.add_argument("--pairs", type=int, default=3_000, help="of each kind of comparison")
    parser.add_argument("--seed", type=int, default=2026)
    return parser.parse_args()


def by_size(regime: Regime, draws: int, seed: int) -> dict[tuple[str, int], Summary]:
    """The same draws with each number of processes: one more is added to those that are there."""
    logs = regime.draw(np.random.default_rng(seed), draws, max(SIZES))
    return {(regime.name, n): fixed(regime, logs[:, :n]).summary(n) for n in SIZES}


def by_rule(regime: Regime, rule: Rule, draws: int, seed: int) -> Summary:
    """Rows that have as many processes as their first ones ask for."""
    logs = regime.draw(np.random.default_rng(seed), draws, rule.most)
    return stopped(regime, logs, rule).summary(rule.most)


if __name__ == "__main__":
    main()
