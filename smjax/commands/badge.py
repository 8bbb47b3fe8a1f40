"""`smjax badge`: a row's figure as a small picture for a README, or as JSON for shields."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from smjax.core.files import write_whole

EXAMPLES = {
    "smjax badge outputs/today --out decode.svg": "of a run's one row",
    "smjax badge outputs/today --where threads=2 ctx=256 --format json": "of one of several, for shields",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which row, of which figure, and where to."""
    parser.add_argument("run", metavar="RUN", help="a run folder, or the name of a saved baseline")
    parser.add_argument(
        "--where",
        nargs="+",
        action="extend",
        metavar="COLUMN=VALUE",
        help="which row, where there are several: threads=2 ctx=256",
    )
    parser.add_argument(
        "--metric", metavar="METRIC", help="figure, a column of summary.csv; by default decode_tok_per_s"
    )
    parser.add_argument(
        "--format",
        choices=("svg", "json"),
        default="svg",
        help="a picture, or what shields' endpoint takes; by default %(default)s",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write it; printed if it is not said")


def call(arguments: argparse.Namespace) -> int:
    """Write the badge, or print it."""
    from smjax.report.badge.command import badge
    from smjax.report.tables.report import complain_of

    where = " ".join(arguments.where) if arguments.where else None
    text, refused = badge(arguments.run, where, arguments.metric, arguments.format)
    if arguments.out is None:
        sys.stdout.write(text)
    else:
        write_whole(arguments.out, text)
    return complain_of(refused)
