"""Do smjax's intervals see a difference of 5 %, and none where there is none? Drawn from a pool, and live.

    python experiments/calibration.py DIR [--processes 60] [--draws 5000] [--pairs 20] [-- OVERRIDE…]

A is the default scenario, or what the overrides say, B the same slowed by 5 % (`measure.handicap=0.05`). The pool: one
sweep with as many processes of each, interleaved. From it pairs of the default number of processes are drawn, A with
other processes of A, and A with B. Live pairs are sweeps of their own with twice the processes, every second slot a
side. A pair differs where the 95 % interval of the ratio of decode tok/s leaves out 1.
What DIR holds already is not measured again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from smjax.core.records.document import load_record
from smjax.core.records.resolved import Resolved
from smjax.stats.intervals import half_width, interval, ratio
from smjax.sweep.plan.blocks import Standing, process_of

HANDICAP = 0.05
SIZE = 8
"""Processes a side: the default of `measure.replicates`."""
BUDGET_S = 100
"""Of a sweep: the default of `measure.budget_s`."""
SEED = 42
Rates = list[float]


def main() -> None:
    """Measure what is missing and print one Markdown table."""
    arguments = parse()
    both = f"measure.handicap=0,{HANDICAP}"
    pool = sweep(arguments.folder / "pool", arguments.processes, [both, *arguments.overrides])
    a, b = pool[0.0], pool[HANDICAP]
    rng = np.random.default_rng(SEED)
    print(f"Pool: {describe('A', a)}; {describe('B', b)}; B / A {np.median(b) / np.median(a):.4f}.\n")
    print(f"| pairs of {SIZE} and {SIZE} processes | A and A: found to differ | A and B: found to differ |")
    print("| --- | ---: | ---: |")
    same, other = ([differs(*draw(rng, a, second)) for _ in range(arguments.draws)] for second in (None, b))
    print(f"| {arguments.draws:,} drawn from the pool | {np.mean(same):.1%} | {np.mean(other):.1%} |", flush=True)
    same, other = live(arguments, both)
    print(f"| {len(same)} and {len(other)} live | {sum(same)} | {sum(other)} |")


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--processes", type=int, default=60)
    parser.add_argument("--draws", type=int, default=5000)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("overrides", nargs="*")
    return parser.parse_args()


def sweep(folder: Path, processes: int, overrides: Sequence[str]) -> dict[float, Rates]:
    """Decode tok/s of each process, by handicap, in the order of their slots."""
    # As many as are asked for, and as much time for repeats of disturbed ones as a default sweep has for each.
    budget = f"measure.budget_s={BUDGET_S * processes / SIZE}"
    settings = [f"measure.replicates={processes}", budget, "measure.target_ci=1", f"hydra.sweep.dir={folder}"]
    command = [sys.executable, "-m", "smjax.run", "-m", *settings, *overrides]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    found: dict[float, Standing] = {}
    for path in sorted((folder / "records").glob("*.json")):
        record = load_record(path)
        asked = record.scenario
        resolved = Resolved(asked, asked.kernel, asked.isa, (), asked.kv_dtype)
        standing = found.setdefault(asked.measure.handicap, Standing(resolved, {}))
        standing.add(record.replicate, process_of(record))
    rates: dict[float, Rates] = defaultdict(list)
    for handicap, standing in found.items():
        rates[handicap] = [standing.slots[slot].decode_tok_per_s or np.nan for slot in sorted(standing.slots)]
    return rates


def draw(rng: np.random.Generator, a: Rates, b: Rates | None) -> tuple[Rates, Rates]:
    """Processes of A and of B; without B all of A, none of them twice."""
    first, second = np.split(rng.choice(a, 2 * SIZE, replace=False), 2)
    return list(first), list(second if b is None else rng.choice(b, SIZE, replace=False))


def live(arguments: argparse.Namespace, both: str) -> tuple[list[bool], list[bool]]:
    """Whether A and A, and A and B, were found to differ, each pair measured in its own processes in turn.

    Every second sweep holds B too, and so two pairs of A and B beside the one of A and A.
    """
    same, other = [], []
    for number in range(arguments.pairs):
        overrides = [f"seed={SEED + number}", *([] if number % 2 else [both]), *arguments.overrides]
        rates = sweep(arguments.folder / f"live-{number:02d}", 2 * SIZE, overrides)
        sides = {handicap: (found[::2], found[1::2]) for handicap, found in rates.items()}
        same.append(differs(*sides[0.0]))
        if HANDICAP in sides:
            other += [differs(*pair) for pair in zip(sides[0.0], sides[HANDICAP], strict=True)]
    return same, other


def differs(a: Rates, b: Rates) -> bool:
    """Whether the interval of the ratio leaves out 1."""
    found = ratio(a, b)
    assert found is not None, "a process has failed"
    return not found[1] <= 1 <= found[2]


def describe(name: str, rates: Rates) -> str:
    """A side of the pool in a few words."""
    bounds = interval(rates)
    assert bounds is not None, "a process has failed"
    spread = np.std(np.log(rates), ddof=1)
    width = half_width(bounds)
    return f"{len(rates)} processes of {name}, median {np.median(rates):.0f} tok/s ±{width:.1%}, spread {spread:.1%}"


if __name__ == "__main__":
    main()
