"""Does `smjax compare` find a difference of 5 %, and none where there is none? Between runs, and within a sweep.

    python experiments/calibration.py measure DIR [--minutes N | --until HH:MM]
    python experiments/calibration.py table DIR/medians.json

`measure` runs sweeps into DIR: default ones of the default scenario and of the same slowed by 5 %, with 1, 2 and 4
threads, a run each for comparisons between runs; and ones of both, each twice (`label=a,b`), for comparisons within a
sweep. The kinds take turns. After each sweep DIR/medians.json has its processes' medians. It goes on where it was when
it is started again; a sweep that was interrupted does not count. `table` needs only the medians: it prints what the
functions of `smjax compare` say of them, however many sweeps there are.
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from calibrate import medians, sweeps, tables

from smjax.core.errors import RequestError


def main() -> int:
    """Measure, or print tables."""
    arguments = parse()
    try:
        found = medians.load(arguments.data) if arguments.what == "table" else measured(arguments)
        if not found.sweeps:
            where = ", ".join(map(str, arguments.data)) if arguments.what == "table" else arguments.folder
            raise RequestError(f"{where}: expected a sweep that has ended, found none; measure some first")
        for line in tables.tables(found):
            print(line, flush=True)
    except RequestError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the sweeps that had ended are kept", file=sys.stderr)
        return 130
    return 0


def measured(arguments: argparse.Namespace) -> medians.Medians:
    """All sweeps, after those that were missing."""
    planned = {sweeps.BETWEEN: arguments.between, sweeps.INTERLEAVED: arguments.interleaved}
    asked = {kind: [*own, *arguments.overrides] for kind, own in sweeps.overrides(arguments.threads).items()}
    return sweeps.measure(arguments.folder, planned, asked, ends(arguments))


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="what", required=True)
    measure = commands.add_parser("measure", help="run the sweeps that are missing")
    measure.add_argument("folder", type=Path, metavar="DIR")
    measure.add_argument("--between", type=int, default=12, metavar="N", help="sweeps that are runs of their own")
    measure.add_argument("--interleaved", type=int, default=20, metavar="N", help="sweeps with two pairs of each kind")
    measure.add_argument("--threads", type=numbers, default=[1, 2, 4], metavar="T,T", help="of the runs")
    limits = measure.add_mutually_exclusive_group()
    limits.add_argument("--minutes", type=float, help="begin no sweep that would not end within so many")
    limits.add_argument("--until", metavar="HH:MM", help="begin no sweep that would not have ended then, local time")
    measure.add_argument("--overrides", nargs="+", default=[], metavar="NAME=VALUE", help="of all sweeps")
    table = commands.add_parser("table", help="print what the medians say")
    table.add_argument("data", type=Path, nargs="+", metavar="MEDIANS.json")
    return parser.parse_args()


def numbers(text: str) -> list[int]:
    """Of threads: 1,2,4."""
    return [int(part) for part in text.split(",")]


def ends(arguments: argparse.Namespace) -> float:
    """When the last sweep should have ended, as `time.time` counts."""
    if arguments.minutes is not None:
        return time.time() + 60 * float(arguments.minutes)
    if arguments.until is None:
        return float("inf")
    now = datetime.now().astimezone()
    until = datetime.combine(now, datetime.strptime(arguments.until, "%H:%M").time(), now.tzinfo)
    return (until if until > now else until + timedelta(days=1)).timestamp()


if __name__ == "__main__":
    sys.exit(main())
