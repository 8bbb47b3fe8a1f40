"""Does engine=llama_cpp measure what llama-bench measures? Both in turn, on the same file, cores and threads.

    python experiments/llama_bench_agreement.py --llama-bench BUILD/bin/llama-bench [--threads 1 2] [--depth 256]
        [--shapes stories-15m stories-110m tinyllama-1.1b] [--flash-attn 0 1] [--rounds 5]

Both have to be built from one source with the same flags. Decode: 128 tokens at a depth, computed and synchronised,
without choosing ids; prefill: as many tokens as the depth. A round's figure
is the median of each program's own samples.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from shapes import SHAPES, exported

from smjax.core.machine.topology import pick_cpus

DEFAULT = ["stories-15m", "stories-110m", "tinyllama-1.1b"]
N_GEN = 128
Figures = dict[str, float]
"""tok/s of decode and of prefill."""
Rounds = list[tuple[Figures, Figures]]
"""llama-bench's and the engine's."""


def main() -> None:
    """Measure and print one Markdown table."""
    arguments = parse()
    print("| shape | threads | flash attention | tok/s of | llama-bench | engine=llama_cpp | ratio (min to max) |")
    print("| --- | ---: | ---: | --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for shape in arguments.shapes:
            path = exported(shape, Path(folder))
            for threads in arguments.threads:
                for flash_attn in arguments.flash_attn:
                    rounds = measured(arguments, path, threads, flash_attn)
                    for what in ("decode", "prefill"):
                        print(f"| {shape} | {threads} | {flash_attn} | {row(what, rounds)} |", flush=True)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--llama-bench", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=DEFAULT)
    parser.add_argument("--flash-attn", nargs="+", default=["0", "1"])
    parser.add_argument("--depth", type=int, default=256)
    return parser.parse_args()


def measured(arguments: argparse.Namespace, model: Path, threads: int, flash_attn: str) -> Rounds:
    """Whoever is first in one round is second in the next."""
    both: list[Callable[[], Figures]] = [
        lambda: llama_bench(arguments.llama_bench, model, threads, flash_attn, arguments.depth),
        lambda: engine(model, threads, flash_attn, arguments.depth),
    ]
    rounds: Rounds = []
    for number in range(arguments.rounds):
        if number % 2:
            ours = both[1]()
            rounds.append((both[0](), ours))
        else:
            rounds.append((both[0](), both[1]()))
    return rounds


def llama_bench(program: Path, model: Path, threads: int, flash_attn: str, depth: int) -> Figures:
    """Pinned as smjax's worker is."""
    found = {}
    for what, sizes in (
        ("decode", ["-p", "0", "-n", str(N_GEN), "-d", str(depth)]),
        ("prefill", ["-p", str(depth), "-n", "0"]),
    ):
        command = [program, "-m", model, "-t", str(threads), *sizes, "-fa", flash_attn, "-r", "5", "-o", "json"]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, preexec_fn=lambda: pin(threads)
        )
        (result,) = json.loads(done.stdout)
        found[what] = statistics.median(result["samples_ts"])
    return found


def pin(threads: int) -> None:
    """The CPUs that smjax gives to as many threads."""
    if cpus := pick_cpus(threads):
        os.sched_setaffinity(0, cpus)


def engine(model: Path, threads: int, flash_attn: str, depth: int) -> Figures:
    """One process of a sweep: `depth` prompt tokens, one id from them, and as many more as llama-bench generates."""
    with tempfile.TemporaryDirectory() as folder:
        overrides = [
            "engine=llama_cpp",
            f"engine_args.flash_attn={flash_attn}",
            f"threads={threads}",
            f"n_prompt={depth}",
            f"n_gen={N_GEN + 1}",
            f"ctx={depth + N_GEN + 1}",
            "measure.replicates=1",
            "measure.budget_s=0",
            f"hydra.run.dir={folder}/run",
        ]
        command = [sys.executable, "-m", "smjax.run", f"model={model}", *overrides]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        (summary,) = json.loads(Path(folder, "run", "summary.json").read_text())["rows"]
    return {"decode": summary["forward_tok_per_s"], "prefill": summary["prefill_tok_per_s"]}


def row(what: str, rounds: Rounds) -> str:
    """Medians of both, and of the rounds' ratios."""
    theirs, ours = ([one[side][what] for one in rounds] for side in (0, 1))
    ratios = sorted(b / a for a, b in zip(theirs, ours, strict=True))
    ratio = f"{statistics.median(ratios):.3f} ({ratios[0]:.3f} to {ratios[-1]:.3f})"
    return f"{what} | {statistics.median(theirs):.0f} | {statistics.median(ours):.0f} | {ratio}"


if __name__ == "__main__":
    main()
