"""How fast is smjax beside llama.cpp on the same file, cores and threads? Rounds of all in turn, medians and ratios.

    python experiments/against_llama_bench.py --llama-bench BUILD/bin/llama-bench [--threads 1 2] [--kernels native xla]
        [--shapes d64-8l stories-15m] [--depth 256] [--rounds 3] [--isa avx2]

llama.cpp: decode of 128 tokens at a depth, and prefill of 256, with and without flash attention, the better of the two.
smjax: ctx = depth + 128, one token a dispatch, as llama-bench synchronises each too. A round's figure is the median of
each program's own samples.
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

from smjax.core.machine.topology import pick_cpus
from smjax.core.models.export import export_model
from smjax.core.models.presets import PRESETS, PresetModel

SHAPES = {
    "d64-8l": replace(
        PRESETS["stories-15m"], d_model=64, n_layers=8, n_heads=16, n_kv_heads=16, head_dim=4, d_ff=256, n_vocab=50_272
    ),
    "stories-15m": PRESETS["stories-15m"],
    "stories-110m": PRESETS["stories-110m"],
    "tinyllama-1.1b": PRESETS["tinyllama-1.1b"],
}
N_GEN, N_PREFILL = 128, 256
WORKER_MB, PER_PACKED_BYTE = 260, 1.15
"""The bound on a worker's peak memory: this, this much of the packed weights, and the KV cache."""
Round = dict[str, dict[str, float]]
"""By program: tok/s of decode and prefill, and what smjax says beside them."""


def main() -> None:
    """Measure and print one Markdown table."""
    arguments = parse()
    print(
        "| shape | threads | kernel | tok/s of | smjax | llama.cpp | ratio (min to max) | of bandwidth | peak RSS MB |"
    )
    print("| --- | ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for shape in arguments.shapes:
            path = Path(folder) / f"{shape}.gguf"
            export_model(PresetModel(shape, SHAPES[shape], seed=42), path)
            for threads in arguments.threads:
                rounds = [one_round(arguments, path, threads) for _ in range(arguments.rounds)]
                for kernel in arguments.kernels:
                    for what in ("decode", "prefill") if arguments.depth == N_PREFILL else ("decode",):
                        print(row(shape, threads, kernel, what, rounds), flush=True)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--llama-bench", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--kernels", nargs="+", default=["native", "xla"])
    parser.add_argument("--isa", default="auto")
    parser.add_argument("--depth", type=int, default=N_PREFILL)
    return parser.parse_args()


def one_round(arguments: argparse.Namespace, path: Path, threads: int) -> Round:
    """Every program once."""
    found = {"llama.cpp": llama_bench(arguments.llama_bench, path, threads, arguments.depth)}
    for kernel in arguments.kernels:
        found[kernel] = smjax(path, threads, kernel, arguments.isa, arguments.depth)
    return found


def llama_bench(program: Path, model: Path, threads: int, depth: int) -> dict[str, float]:
    """tok/s of decode and prefill, the better attention path of each, pinned as smjax's worker is."""
    best: dict[str, float] = defaultdict(float)
    for what, sizes in (
        ("decode", ["-p", "0", "-n", str(N_GEN), "-d", str(depth)]),
        ("prefill", ["-p", str(N_PREFILL), "-n", "0"]),
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


def smjax(model: Path, threads: int, kernel: str, isa: str, depth: int) -> dict[str, float]:
    """tok/s of decode and prefill (of 256 tokens only), share of the bandwidth, peak memory in MB and its bound."""
    with tempfile.TemporaryDirectory() as folder:
        overrides = [
            f"kernel={kernel}",
            f"isa={isa}",
            f"threads={threads}",
            f"ctx={depth + N_GEN}",
            "tokens_per_dispatch=1",
            "measure.replicates=1",
            f"hydra.run.dir={folder}/run",
        ]
        command = [sys.executable, "-m", "smjax.run", "model=gguf", f"model.path={model}", *overrides]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        summary = json.loads(Path(folder, "run", "summary.json").read_text())["rows"][0]
        record = json.loads(next(Path(folder, "run", "records").iterdir()).read_text())
    bound = WORKER_MB + (PER_PACKED_BYTE * record["memory"]["weight_bytes"] + record["memory"]["kv_bytes"]) / 1e6
    return {
        "decode": summary["decode_tok_per_s"],
        "prefill": summary["prefill_tok_per_s"] if depth == N_PREFILL else 0.0,
        "share": summary["roofline"] or 0.0,
        "peak": summary["peak_rss_mb"],
        "bound": bound,
    }


def row(shape: str, threads: int, kernel: str, what: str, rounds: list[Round]) -> str:
    """One line of the table: medians of both, and of the rounds' ratios."""
    ours, theirs = ([one[name][what] for one in rounds] for name in (kernel, "llama.cpp"))
    ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    share = f"{statistics.median(one[kernel]['share'] for one in rounds):.2f}" if what == "decode" else ""
    peak, bound = (max(one[kernel][name] for one in rounds) for name in ("peak", "bound"))
    figures = f"{statistics.median(ours):.0f} | {statistics.median(theirs):.0f} | {ratio}"
    return f"| {shape} | {threads} | {kernel} | {what} | {figures} | {share} | {peak:.0f} (≤ {bound:.0f}) |"


if __name__ == "__main__":
    main()
