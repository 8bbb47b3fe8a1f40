"""`smjax trend`: since when something is faster or slower, in the runs that are there, and what changed then."""

from __future__ import annotations

import argparse
from pathlib import Path

from smjax.commands._comparing import add_figure
from smjax.core.errors import RequestError

EXAMPLES = {
    "smjax trend outputs": "all runs below a folder",
    "smjax trend outputs --metric ttft_ms": "another figure",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose history, and of which figure."""
    parser.add_argument(
        "dirs",
        nargs="*",
        metavar="DIR",
        help="run folders, folders above several, as outputs, or names of saved baselines",
    )
    add_figure(parser)


def call(arguments: argparse.Namespace) -> int:
    """Find the steps and print them."""
    if not arguments.dirs:
        example = "outputs" if Path("outputs").is_dir() else "DIR"
        raise RequestError(f"trend: expected folders of runs, found none; write smjax trend {example}")
    from smjax.report.trend.tell import tell

    return tell(arguments.dirs, arguments.metric, arguments.format)
