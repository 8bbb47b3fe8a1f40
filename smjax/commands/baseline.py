"""`smjax baseline`: runs' records under a name, to be compared with later."""

from __future__ import annotations

import argparse
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.exit_codes import ExitCode
from smjax.core.records import baselines
from smjax.core.text import printable

EXAMPLES = {
    "smjax baseline save v1 outputs/today": "keep a run as v1",
    "smjax baseline list": "what is kept",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Save one, or list them."""
    parser.add_argument("action", choices=("save", "list"), help="save NAME DIR, or list")
    parser.add_argument("named", nargs="*", metavar="NAME DIR", help="name to save under, and the run folder")
    parser.add_argument("--replace", action="store_true", help="take the place of a baseline of that name")


def call(arguments: argparse.Namespace) -> int:
    """Save or list."""
    return _save(arguments.named, arguments.replace) if arguments.action == "save" else _list(arguments)


def _save(named: list[str], replace: bool) -> int:
    if len(named) != 2:
        raise RequestError(
            f"baseline save: expected NAME DIR, found {len(named) or 'neither'}; write smjax baseline save NAME DIR"
        )
    count = baselines.save(named[0], Path(named[1]), replace)
    print(f"{named[0]}: {count} records, in {printable(str(baselines.home() / named[0]), None)}")
    return ExitCode.OK


def _list(arguments: argparse.Namespace) -> int:
    from smjax.report.compare.saved import grid
    from smjax.report.tables.report import Report, tell

    if arguments.named or arguments.replace:
        raise RequestError("baseline list: expected nothing behind it, found more; write smjax baseline list")
    grids, refused = grid()
    return tell(Report(grids, (), refused))
