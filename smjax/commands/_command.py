"""A command by its name: its module and its parser, from which its help, its completion and the manual are made."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

from smjax.commands import COMMANDS
from smjax.commands._parser import Parser
from smjax.commands._words import exit_line, listed, sentence, wrapped

_EXITS = {
    0: "done",
    1: "something could not be read, written or printed, and the rest is done",
    2: "the request is wrong, one line says why",
}
"""What exit codes say of most commands."""


@dataclass(frozen=True)
class Command:
    """One of those that `smjax --help` lists."""

    module: ModuleType
    parser: Parser
    examples: Mapping[str, str]
    """Command lines, and what they do."""
    exits: Mapping[int, str]
    """What its exit codes say."""


def command(name: str) -> Command:
    """Import the command's module, and no other's, and ask it for its arguments."""
    module = importlib.import_module(f"smjax.commands.{name.replace('-', '_')}")
    parser: Parser = getattr(module, "PARSER", Parser)(f"smjax {name}", sentence(COMMANDS[name]))
    module.add_arguments(parser)
    found = Command(module, parser, getattr(module, "EXAMPLES", {}), _EXITS | getattr(module, "EXITS", {}))
    parser.epilog = "\n\n".join(filter(None, [parser.epilog, _epilog(found)]))
    return found


def _epilog(command: Command) -> str:
    examples = listed("examples:", command.examples) if command.examples else ""
    return "\n\n".join(filter(None, [examples, wrapped(exit_line(command.exits))]))
