"""How fast is smjax beside llama.cpp on the same file, cores and threads? For each shape a sweep over both, in blocks.

    python experiments/beside_llama_cpp.py measure FOLDER [--shapes …] [--threads …] [--depths …] [--overrides …]
    python experiments/beside_llama_cpp.py table FOLDER

llama.cpp runs with and without flash attention, and each row holds smjax against the faster of the two. `measure` goes
on where it was when it is started again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from shapes import SHAPES, exported

from smjax.core.numbers import significant
from smjax.core.records.columns import METRICS
from smjax.core.records.folder import load_records
from smjax.core.records.record import Record
from smjax.report.compare.comparison import Comparison, Question
from smjax.report.compare.within import within_sweep

OURS = "smjax"
THEIRS = ("llama_cpp flash_attn=0", "llama_cpp flash_attn=1")
FIGURES = ("decode_tok_per_s", "prefill_tok_per_s")
N_GEN = 128
WITHIN = 0.02
Point = tuple[int, int]
"""Threads, and prompt tokens: the depth at which tokens are generated."""


def main() -> None:
    """Measure, or print one Markdown table."""
    arguments = parse()
    if arguments.what == "measure":
        for shape in arguments.shapes:
            measure(arguments, shape)
    else:
        print(table([arguments.folder / shape for shape in SHAPES if (arguments.folder / shape).is_dir()]))


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["measure", "table"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--overrides", nargs="+", default=[], help="of every sweep")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--depths", type=int, nargs="+", default=[256, 896])
    return parser.parse_args()


def measure(arguments: argparse.Namespace, shape: str) -> None:
    """One sweep: engines, with what llama.cpp can be asked for, threads and depths."""
    sweep = [
        f"model={exported(shape, arguments.folder / 'models')}",
        f"engine={OURS},llama_cpp",
        "engine_args.flash_attn=0,1",
        f"threads={joined(arguments.threads)}",
        f"ctx={joined(depth + N_GEN for depth in arguments.depths)}",
        f"n_gen={N_GEN}",
        f"hydra.sweep.dir={arguments.folder / shape}",
    ]
    subprocess.run([sys.executable, "-m", "smjax.run", "-m", *sweep, *arguments.overrides], check=True)


def joined(values: Iterable[int]) -> str:
    """As Hydra sweeps over them."""
    return ",".join(map(str, values))


def table(folders: Sequence[Path]) -> str:
    """A row for each shape, number of threads and depth."""
    lines = [
        "| shape | threads | depth | decode tok/s | llama.cpp | ratio | prefill tok/s | llama.cpp | ratio "
        "| peak RSS MB | llama.cpp |",
        f"| --- |{' ---: |' * 10}",
    ]
    versions = dict[str, str]()
    for folder in folders:
        records = load_records([folder]).records
        versions |= {name: str(text) for record in records for name, text in record.versions.items()}
        lines += rows(folder.name, records)
    built = ("llama-cpp-python", "ggml_commit", "llama.cpp compiler", "llama.cpp system_info", "jaxlib")
    return "\n".join([*lines, "", "; ".join(f"{name} {versions[name]}" for name in built if name in versions)])


def rows(shape: str, records: Sequence[Record]) -> list[str]:
    """Of one sweep."""
    figures = {name: best(records, name) for name in FIGURES}
    memory = best(records, "peak_rss_mb")
    found = []
    for point in sorted(figures[FIGURES[0]]):
        cells = [text for name in FIGURES for text in beside(figures[name][point])]
        peaks = [f"{value:.0f}" if value else "" for value in (memory[point].new, memory[point].base)]
        found.append(f"| {' | '.join([shape, *map(str, point), *cells, *peaks])} |")
    return found


def best(records: Sequence[Record], metric: str) -> dict[Point, Comparison]:
    """At each point, smjax beside the better of llama.cpp's two."""
    question, found = Question((METRICS[metric],), WITHIN), dict[Point, Comparison]()
    sign = 1 if METRICS[metric].better == "higher" else -1
    for base in THEIRS:
        for one in within_sweep(records, "engine", base, question)[0]:
            point = one.scenario["threads"], one.scenario["n_prompt"]
            if OURS not in one.scenario["engine"] or one.base is None:
                continue
            if point not in found or sign * one.base > sign * (found[point].base or 0):
                found[point] = one
    return found


def beside(one: Comparison) -> list[str]:
    """Both figures, and their ratio with its interval."""
    ratio = f"{one.ratio:.2f} ({one.bounds.lo:.2f} to {one.bounds.hi:.2f})" if one.bounds else f"{one.verdict}"
    return [*(significant(value, 3) if value else "" for value in (one.new, one.base)), ratio]


if __name__ == "__main__":
    main()
