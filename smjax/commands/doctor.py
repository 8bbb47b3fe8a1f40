"""`smjax doctor`: what disturbs measurements on this machine."""

from __future__ import annotations

import argparse

from smjax.core.exit_codes import ExitCode

EXAMPLES = {
    "smjax doctor": "for people",
    "smjax doctor --json": "for programs, and for reports of faults",
}
EXITS = {2: "the request is wrong, or --strict and the machine is noisy"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """For whom the findings are, and what follows from them."""
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a screen")
    parser.add_argument("--strict", action="store_true", help="exit 2 if the machine is noisy")


def call(arguments: argparse.Namespace) -> int:
    """Look, test and print."""
    from smjax.doctor.render import doctor

    doctor(arguments.json, arguments.strict)
    return ExitCode.OK
