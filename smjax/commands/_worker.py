"""What commands that start workers themselves ask alike."""

from __future__ import annotations

import argparse


def add_timeout(arguments: argparse._ArgumentGroup) -> None:
    """How long a worker may take, as `timeout_s`."""
    arguments.add_argument(
        "--timeout",
        default=600,
        type=float,
        dest="timeout_s",
        metavar="S",
        help="seconds a worker may take, by default %(default)s",
    )
