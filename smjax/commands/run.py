"""`smjax run`, which `python -m smjax.run` is too: measure one scenario, or with -m a sweep."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from smjax.commands import _job
from smjax.sweep.request.job import RUN

if TYPE_CHECKING:
    from smjax.sweep.run.outside import Outside

EXAMPLES, EXITS = RUN.examples, _job.EXITS


class PARSER(_job.JobParser):
    """Of the main job."""

    job = RUN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Overrides, and the few options that are not."""
    _job.add_arguments(parser, RUN)


def call(arguments: argparse.Namespace, outside: Outside | None = None) -> int:
    """Measure, with what is really there unless it is handed something else."""
    return _job.call(arguments, RUN, outside)
