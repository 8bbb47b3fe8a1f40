"""`smjax compare`: whether one run, or one setting of a sweep, is faster than another."""

from __future__ import annotations

import argparse

from smjax.commands._comparing import add_question, check
from smjax.core.errors import RequestError

EXAMPLES = {
    "smjax compare outputs/monday outputs/today": "a run with an earlier one",
    "smjax compare v1 outputs/today": "with a baseline, saved before by smjax baseline save v1 DIR",
    "smjax compare outputs/today --axis kernel": "what a setting does, inside of one sweep",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is compared, and how."""
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help="BASE and NEW, or with --axis one: run folders or names of saved baselines; several runs of a side with "
        "commas between them, or as the folder that they are in",
    )
    add_question(parser)


def call(arguments: argparse.Namespace) -> int:
    """Compare and print."""
    check(arguments, arguments.runs, "compare: expected BASE NEW, or DIR --axis NAME")
    from smjax.report.compare.request import Request, answer
    from smjax.report.compare.tell import tell

    a = arguments
    request = Request(a.runs, a.metric, a.within, a.axis, a.base, a.history, a.between_runs)
    found = answer(request)
    if found.apart:
        raise RequestError(f"compare: expected a scenario that both runs have, found {found.apart}")
    return tell(found, a.format)
