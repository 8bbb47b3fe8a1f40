"""A command that takes overrides: what `smjax run` and `smjax micro` have in common."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from smjax.commands._parser import Parser
from smjax.commands._words import width, wrapped
from smjax.core.exit_codes import ExitCode
from smjax.sweep.request.explain import explained
from smjax.sweep.request.job import Job

if TYPE_CHECKING:
    from smjax.sweep.run.outside import Outside

_INFOS = ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")
_INFO = f"only print what Hydra found: {', '.join(_INFOS)}"
_HYDRAS = {
    "--hydra-help": "smjax {command} --help says all of it",
    "--shell-completion": "write smjax --completion bash",
    "-sc": "write smjax --completion bash",
}
"""Options of Hydra's that are not taken, and what stands for them."""
_INFORMING = {"cfg": "-c", "package": "-p", "info": "-i"}


class JobParser(Parser):
    """Its arguments are overrides: an option that there is not was probably meant as one."""

    job: ClassVar[Job]

    def unknown(self, option: str, argv: Sequence[str]) -> str:
        from smjax.sweep.request.keys import keys
        from smjax.sweep.request.overrides import meant_key

        if instead := _HYDRAS.get(option):
            return f"unrecognized arguments: {option}; {instead.format(command=self.job.command)}"
        name, equals, value = option.lstrip("-").partition("=")
        key = meant_key(name.replace("-", "_"), keys(self.job))
        if key is None:
            return super().unknown(option, argv)
        after = argv[argv.index(option) + 1 :][:1]
        given = value if equals else after[0] if after and "=" not in after[0] and after[0][:1] != "-" else "VALUE"
        return f"unrecognized arguments: {option}; write {shlex.quote(f'{key}={given}')}"


EXITS = {code: code.meaning for code in ExitCode if code != ExitCode.REGRESSION}
_SWEPT = """\
Several values with commas, as threads=1,2, are swept over with -m. A run leaves its records and summaries in a folder
below outputs/."""


def add_arguments(parser: argparse.ArgumentParser, job: Job) -> None:
    """Overrides, and the few options that are not."""
    parser.usage = f"smjax {job.command} [-m] [KEY=VALUE …]"
    parser.epilog = f"{explained(job, width())}\n\n{wrapped(_SWEPT)}"
    parser.add_argument(
        "overrides", nargs="*", metavar="KEY=VALUE", help="an override: what is not to be as it is by default"
    )
    parser.add_argument("-m", "--multirun", action="store_true", help="sweep over every combination of listed values")
    parser.add_argument("--config-dir", type=Path, metavar="DIR", help="presets, measures and studies of your own")
    hydra = parser.add_argument_group("Hydra's own, which measure nothing")
    hydra.add_argument("-c", "--cfg", choices=("job", "hydra", "all"), help="only print the configuration")
    hydra.add_argument("-p", "--package", metavar="KEY", help="of it this part")
    hydra.add_argument("--resolve", action="store_true", help="with its interpolations resolved")
    hydra.add_argument("-i", "--info", nargs="?", const="all", choices=_INFOS, metavar="WHAT", help=_INFO)


def call(arguments: argparse.Namespace, job: Job, outside: Outside | None) -> int:
    """Measure, with what is really there unless it is handed something else."""
    from smjax.run import measure, real_outside
    from smjax.sweep.request.compose import Asked

    flags = [text for name, flag in _INFORMING.items() if (value := getattr(arguments, name)) for text in (flag, value)]
    flags += ["--resolve"] if arguments.resolve else []
    asked = Asked(arguments.overrides, arguments.multirun, flags, arguments.config_dir, job)
    return measure(asked, outside or real_outside(asked))
