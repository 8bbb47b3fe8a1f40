"""What the commands that compare are told, alike."""

from __future__ import annotations

import argparse
import math
import re
from pathlib import Path

from smjax.core.errors import RequestError

_SHARE = re.compile(r"([0-9]*\.?[0-9]+(?:e-?[0-9]+)?)\s*(%?)", re.IGNORECASE)


def share(text: str) -> float:
    """`3%`, `3 %` and `0.03` as 0.03."""
    found = _SHARE.fullmatch(text.strip())
    value = float(found[1]) / (100 if found[2] else 1) if found else math.nan
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"expected a share such as 3% or 0.03, below 100%, found {text!r:.40}")
    return value


def add_figure(parser: argparse.ArgumentParser) -> None:
    """Which figure is asked about, and how that is told."""
    parser.add_argument(
        "--metric",
        metavar="METRIC",
        help="figure to compare, a column of summary.csv; by default decode_tok_per_s, of ops loop_us or call_us",
    )
    parser.add_argument(
        "--format",
        choices=("text", "md", "json"),
        default="text",
        help="a table, Markdown, or a list of rows for programs; by default %(default)s",
    )


def add_question(parser: argparse.ArgumentParser) -> None:
    """What is compared and how it is told."""
    add_figure(parser)
    parser.add_argument(
        "--within",
        type=share,
        default="2%",
        metavar="SHARE",
        help="up to this a difference makes none, by default %(default)s",
    )
    of_one = parser.add_argument_group("settings inside of one sweep, in its blocks")
    of_one.add_argument(
        "--axis",
        metavar="AXIS",
        help="compare the values of this axis: kernel, isa, python, label …",
    )
    of_one.add_argument(
        "--base", metavar="VALUE", help="value of the axis that the others are compared with; by default the first"
    )
    of_two = parser.add_argument_group("how far runs of one thing lie apart, where two are compared")
    of_two.add_argument(
        "--history", type=Path, metavar="DIR", help="folder of earlier runs, which say it; by default outputs"
    )
    of_two.add_argument(
        "--between-runs",
        type=share,
        metavar="SHARE",
        help="it, as a standard deviation, instead of what they say",
    )


def check(arguments: argparse.Namespace, runs: list[str], usage: str) -> None:
    """Raise RequestError unless there are two runs, or one with an axis, and the options fit."""
    if len(runs) != (2 if arguments.axis is None else 1):
        found = f"{len(runs)} and --axis" if arguments.axis else str(len(runs)) if runs else "none"
        raise RequestError(f"{usage}, found {found}; write one of these")
    for option in ("history", "between_runs") if arguments.axis else ("base",):
        if getattr(arguments, option) is not None:
            named = f"--{option.replace('_', '-')}"
            other = "two runs" if arguments.axis else "--axis NAME"
            raise RequestError(f"{named}: expected it with {other}, found it without; leave it out")
