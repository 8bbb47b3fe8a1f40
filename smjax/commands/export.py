"""`smjax export`: a preset as a GGUF file."""

from __future__ import annotations

import argparse
from pathlib import Path

from smjax.core import signals
from smjax.core.exit_codes import ExitCode
from smjax.core.text import printable

EXAMPLES = {"smjax export --model stories-15m stories-15m.gguf": "a small one"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which preset, and where to."""
    parser.add_argument("--model", required=True, metavar="PRESET", help="a preset of the llama architecture")
    parser.add_argument("--seed", default=42, type=int, metavar="N", help="of its weights, by default %(default)s")
    parser.add_argument("file", type=Path, metavar="FILE.gguf", help="the file to write")


def call(arguments: argparse.Namespace) -> int:
    """Write the file and print its name."""
    from smjax.core.models.export import export_preset

    with signals.raised():
        export_preset(arguments.model, arguments.file, arguments.seed)
        print(printable(str(arguments.file), limit=None))
    return ExitCode.OK
