"""How fast is smjax beside llama.cpp on the same file, cores and threads? Rounds of both in turn, medians and ratios.

    python experiments/against_llama_bench.py --llama-bench BUILD/bin/llama-bench [--rounds 5] [--threads 1]

llama.cpp: decode of 128 tokens at a depth of 256, and prefill of 256, with and without flash attention, the better of
the two. smjax: ctx=384, the same 256 and 128 tokens. A round's figure is the median of each program's own samples.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from smjax.core.export import export_model
from smjax.core.presets import PRESETS, PresetModel
from smjax.core.topology import pick_cpus

SHAPES = {
    "d64-8l": replace(
        PRESETS["stories-15m"], d_model=64, n_layers=8, n_heads=16, n_kv_heads=16, head_dim=4, d_ff=256, n_vocab=50_272
    ),
    "stories-15m": PRESETS["stories-15m"],
    "stories-110m": PRESETS["stories-110m"],
    "tinyllama-1.1b": PRESETS["tinyllama-1.1b"],
}
DEPTH, N_GEN = 256, 128
WORKER_MB, PER_PACKED_BYTE = 230, 1.3
"""The bound on a worker's peak memory: this, this much of the packed weights, and the KV cache."""


def main() -> None:
    """Measure and print one Markdown table."""
    arguments = parse()
    names = [arguments.shape] if arguments.shape else list(SHAPES)
    print("| shape | tok/s of | smjax | llama.cpp | ratio (min to max of the rounds) | peak RSS MB (bound) |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            path = Path(folder) / f"{name}.gguf"
            export_model(PresetModel(name, SHAPES[name], seed=42), path)
            rounds: dict[str, list[tuple[float, float]]] = defaultdict(list)
            memory = (0.0, 0.0)
            for number in range(arguments.rounds):
                theirs = llama_bench(arguments.llama_bench, path, arguments.threads)
                ours, memory = smjax(path, arguments.threads, Path(folder) / f"{name}-{number}")
                for what in ("decode", "prefill"):
                    rounds[what].append((ours[what], theirs[what]))
            for what, pairs in rounds.items():
                print(row(name, what, pairs, memory), flush=True)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--llama-bench", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--shape", choices=SHAPES)
    return parser.parse_args()


def llama_bench(program: Path, model: Path, threads: int) -> dict[str, float]:
    """tok/s of decode and prefill, the better attention path of each, pinned as smjax's worker is."""
    best: dict[str, float] = defaultdict(float)
    for what, sizes in (
        ("decode", ["-p", "0", "-n", str(N_GEN), "-d", str(DEPTH)]),
        ("prefill", ["-p", str(DEPTH), "-n", "0"]),
    ):
        command = [program, "-m", model, "-t", str(threads), *sizes, "-fa", "0,1", "-r", "3", "-o", "json"]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, preexec_fn=lambda: pin(threads)
        )
        for result in json.loads(done.stdout):
            best[what] = max(best[what], statistics.median(result["samples_ts"]))
    return best


def pin(threads: int) -> None:
    """The CPUs that smjax gives to as many threads."""
    if cpus := pick_cpus(threads):
        os.sched_setaffinity(0, cpus)


def smjax(model: Path, threads: int, folder: Path) -> tuple[dict[str, float], tuple[float, float]]:
    """tok/s of decode and prefill, and the worker's peak memory and its bound in MB."""
    overrides = [
        f"threads={threads}",
        f"ctx={DEPTH + N_GEN}",
        f"tokens_per_dispatch={N_GEN}",
        f"hydra.run.dir={folder}",
    ]
    command = [sys.executable, "-m", "smjax.run", "model=gguf", f"model.path={model}", *overrides]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    summary = json.loads((folder / "summary.json").read_text())["rows"][0]
    record = json.loads(next((folder / "records").iterdir()).read_text())
    bound = WORKER_MB + (PER_PACKED_BYTE * record["memory"]["weight_bytes"] + record["memory"]["kv_bytes"]) / 1e6
    speeds = {"decode": summary["decode_tok_per_s"], "prefill": summary["prefill_tok_per_s"]}
    return speeds, (summary["peak_rss_mb"], bound)


def row(name: str, what: str, pairs: list[tuple[float, float]], memory: tuple[float, float]) -> str:
    """One line of the table: medians of both, and of the rounds' ratios."""
    ours, theirs = (statistics.median(values) for values in zip(*pairs, strict=True))
    ratios = sorted(a / b for a, b in pairs)
    ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    return f"| {name} | {what} | {ours:,.0f} | {theirs:,.0f} | {ratio} | {memory[0]:.0f} ({memory[1]:.0f}) |"


if __name__ == "__main__":
    main()
