"""A command line that is wrong is one line, with what was probably meant."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from smjax.commands._words import width
from smjax.core.exit_codes import ExitCode
from smjax.core.nearest import nearest
from smjax.core.text import printable


class Parser(argparse.ArgumentParser):
    """Takes options and the rest in any order."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            allow_abbrev=False,
            formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(
                prog, max_help_position=26, width=width()
            ),
        )

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """The arguments; ends the process with 2 where they are wrong."""
        arguments, unknown = self.parse_known_intermixed_args(argv)
        if unknown:
            self.error(self.unknown(unknown[0], argv))
        return arguments

    def unknown(self, option: str, argv: Sequence[str]) -> str:
        """What is said about an option that there is not."""
        meant = nearest(option.partition("=")[0], self._option_string_actions)
        return f"unrecognized arguments: {option}" + (f"; did you mean {meant}?" if meant else "")

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.WRONG_REQUEST, f"{self.prog}: {printable(message, limit=None)}; see {self.prog} --help\n")
