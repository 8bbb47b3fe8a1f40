"""`smjax run`, which `python -m smjax.run` is too: measure one scenario, or with -m a sweep."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smjax.commands._parser import Parser
from smjax.sweep.request.explain import EXAMPLES, explained

if TYPE_CHECKING:
    from smjax.sweep.run.outside import Outside

_INFORMING = {"cfg": "-c", "package": "-p", "info": "-i"}


class RunParser(Parser):
    """Its arguments are overrides: an option that there is not was probably meant as one."""

    def unknown(self, option: str, argv: Sequence[str]) -> str:
        from smjax.sweep.request.keys import keys
        from smjax.sweep.request.overrides import meant_key

        name, equals, value = option.lstrip("-").partition("=")
        key = meant_key(name.replace("-", "_"), keys())
        if key is None:
            return super().unknown(option, argv)
        after = argv[argv.index(option) + 1 :][:1]
        given = value if equals else after[0] if after and "=" not in after[0] and after[0][:1] != "-" else "VALUE"
        return f"unrecognized arguments: {option}; write {shlex.quote(f'{key}={given}')}"


PARSER = RunParser


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Overrides, and the few options that are not."""
    parser.usage = "smjax run [-m] [KEY=VALUE …]"
    parser.epilog = f"{explained()}\n\n{EXAMPLES}"
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="what is not as below")
    parser.add_argument("-m", "--multirun", action="store_true", help="sweep over every combination of listed values")
    parser.add_argument("-c", "--cfg", metavar="job", help="only print the configuration: job, hydra or all")
    parser.add_argument("-p", "--package", metavar="KEY", help="of it this part")
    parser.add_argument("--resolve", action="store_true", help="with its interpolations resolved")
    parser.add_argument("-i", "--info", nargs="?", const="all", metavar="WHAT", help="only print what Hydra is")
    parser.add_argument("--config-dir", type=Path, metavar="DIR", help="presets, measures and studies of your own")


def call(arguments: argparse.Namespace, outside: Outside | None = None) -> int:
    """Measure, with what is really there unless it is handed something else."""
    from smjax.run import measure, real_outside
    from smjax.sweep.request.compose import Asked

    flags = [text for name, flag in _INFORMING.items() if (value := getattr(arguments, name)) for text in (flag, value)]
    flags += ["--resolve"] if arguments.resolve else []
    asked = Asked(arguments.overrides, arguments.multirun, flags, arguments.config_dir)
    return measure(asked, outside or real_outside())
