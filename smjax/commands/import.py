"""`smjax import`: another tool's results as a run folder, which report, compare and trend read."""  # noqa: N999

from __future__ import annotations

import argparse
from pathlib import Path

from smjax.core import signals
from smjax.core.errors import RequestError
from smjax.core.nearest import nearest
from smjax.core.text import printable

TOOLS = ("llama-bench", "optimum-benchmark", "pyperf")
_OF_PYPERF = ("span", "n_prompt", "n_gen", "threads", "engine")

EXAMPLES = {
    "smjax import llama-bench bench.json --model FILE.gguf": "so that its rows pair with those that smjax measures",
    "smjax import pyperf times.json --as decode --n-gen 128": "what a pyperf file does not say",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose results, where they go, and what the files do not say."""
    parser.add_argument("tool", metavar="TOOL", help=f"what wrote them: {', '.join(TOOLS)}")
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="its output; of optimum-benchmark the folder of a run"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="run folder; by default one for each file, in outputs/")
    parser.add_argument(
        "--model", metavar="FILE.gguf", help="the model that it was, so that rows pair with measured ones"
    )
    parser.add_argument("--machine", metavar="NAME", help="which machine it was: runs of one are compared and pooled")
    of_pyperf = parser.add_argument_group("pyperf, whose files do not say what was timed")
    of_pyperf.add_argument(
        "--as",
        dest="span",
        choices=("ttft", "decode", "answer"),
        help="a call's time: prompt to first id, first id to last, or prompt to last",
    )
    of_pyperf.add_argument("--n-prompt", type=_size, metavar="N", help="prompt tokens")
    of_pyperf.add_argument("--n-gen", type=_size, metavar="N", help="ids of an answer, the first included")
    of_pyperf.add_argument("--threads", type=_size, metavar="N", help="threads that computed")
    of_pyperf.add_argument("--engine", metavar="NAME", help="what ran the model")


def call(arguments: argparse.Namespace) -> int:
    """Read all files, write their records, and print the tables of what is there now."""
    _check(arguments)
    from smjax.imports.run import Request, run
    from smjax.report.tables.rebuild import rebuild
    from smjax.report.tables.report import tell

    meaning = {name: getattr(arguments, name) for name in _OF_PYPERF}
    with signals.raised():
        a = arguments
        folders, said = run(Request(a.tool, a.files, a.out, a.model, a.machine or "", **meaning))
        print("\n".join([*said, ""]))
        return tell(rebuild(folders, None, None, None))


def _check(arguments: argparse.Namespace) -> None:
    if arguments.tool not in TOOLS:
        meant = nearest(arguments.tool, TOOLS)
        fix = f"write smjax import {meant}" if meant else "name the tool first, then its files"
        raise RequestError(f"import {printable(arguments.tool)}: expected one of {', '.join(TOOLS)}; {fix}")
    if not arguments.files:
        raise RequestError(f"import {arguments.tool}: expected a file, found none; name what {arguments.tool} wrote")
    given = [name for name in _OF_PYPERF if getattr(arguments, name) is not None]
    if given and arguments.tool != "pyperf":
        option = {"span": "--as"}.get(given[0], f"--{given[0].replace('_', '-')}")
        raise RequestError(f"{option}: expected with pyperf alone, found with {arguments.tool}, whose files say it")


def _size(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, found {text!r:.40}")
    return value
