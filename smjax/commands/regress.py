"""`smjax regress`: exit 3 where something is certainly slower than it was, for CI."""

from __future__ import annotations

import argparse

from smjax.commands._comparing import add_question, check, share

EXAMPLES = {
    "smjax regress --baseline main outputs/branch": "a branch with a saved baseline",
    "smjax regress outputs/both --axis python --threshold 5%": "two versions that one sweep measured in turn",
}
EXITS = {
    0: "nothing is certainly slower",
    1: "a scenario of the baseline is missing, or something could not be read or printed",
    3: "something is certainly slower",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is guarded, against what, and from where on it is a regression."""
    parser.add_argument("runs", nargs="*", metavar="RUN", help="NEW, or with --axis the folder of one sweep")
    parser.add_argument("--baseline", metavar="BASE", help="run folder or name of a saved baseline")
    parser.add_argument(
        "--threshold",
        type=share,
        default="3%",
        metavar="SHARE",
        help="slower by more than this is a regression, by default %(default)s",
    )
    parser.add_argument("--strict", action="store_true", help="exit 3 too if it is undecided whether something is one")
    add_question(parser)


def call(arguments: argparse.Namespace) -> int:
    """Compare, print, and say whether there is a regression."""
    a = arguments
    runs = a.runs if a.baseline is None else [a.baseline, *a.runs]
    check(a, runs, "regress: expected --baseline BASE NEW, or DIR --axis NAME")
    from smjax.report.compare.request import Request, answer
    from smjax.report.compare.tell import guard

    request = Request(runs, a.metric, a.within, a.axis, a.base, a.history, a.between_runs)
    return guard(answer(request), a.format, a.threshold, a.strict)
