"""`smjax plot`: a picture of one's own, of any figure over any column."""

from __future__ import annotations

import argparse
from pathlib import Path

from smjax.commands.report import run_folders

EXAMPLES = {
    "smjax plot outputs/today --x ctx --y decode_tok_per_s --color kernel": "a line for each kernel",
    "smjax plot mine theirs --x threads --y ttft_ms --color cpu --out ttft.png": "two machines",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Of which rows, which columns, and where to."""
    parser.add_argument(
        "dirs", nargs="*", type=Path, metavar="DIR", help="a run folder, or a folder above several, as outputs"
    )
    parser.add_argument("--x", required=True, metavar="COLUMN", help="over what: a column of summary.csv")
    parser.add_argument("--y", required=True, metavar="COLUMN", help="which figure; it is drawn with its interval")
    parser.add_argument("--color", metavar="COLUMN", help="a colour, and shape, for each value of it")
    parser.add_argument("--facet", metavar="COLUMN", help="a picture for each value of it, beside each other")
    parser.add_argument(
        "--where", nargs="+", action="extend", metavar="COLUMN=VALUE", help="which rows: threads=2 engine=smjax"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="FILE.svg, FILE.png or FILE.html; by default Y-over-X.svg"
    )


def call(arguments: argparse.Namespace) -> int:
    """Draw it, and say where it is."""
    a = arguments
    from smjax.report.plots.command import plot
    from smjax.report.plots.own import Wish
    from smjax.report.tables.report import complain_of

    where = " ".join(a.where) if a.where else None
    path, refused = plot(run_folders(a.dirs), Wish(a.x, a.y, a.color, a.facet, where), a.out)
    print(path)
    return complain_of(refused)
