"""`smjax micro`, which `python -m smjax.micro` is too: measure one op, or with -m a sweep over ops."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from smjax.commands import _job
from smjax.sweep.request.job import MICRO

if TYPE_CHECKING:
    from smjax.sweep.run.outside import Outside

EXAMPLES, EXITS = MICRO.examples, _job.EXITS


class PARSER(_job.JobParser):
    """Of the microbenchmarks."""

    job = MICRO


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Overrides, and the few options that are not."""
    _job.add_arguments(parser, MICRO)
    parser.add_argument("--ops", action="store_true", help="only list the ops: their sizes, shapes and meaning")


def call(arguments: argparse.Namespace, outside: Outside | None = None) -> int:
    """Measure, with what is really there unless it is handed something else."""
    if arguments.ops:
        from smjax.core.ops.explain import listing

        print(listing())
        return 0
    return _job.call(arguments, MICRO, outside)
