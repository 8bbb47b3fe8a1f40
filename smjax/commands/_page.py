"""The page of all commands, from what their parsers take."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from smjax.commands import COMMANDS
from smjax.commands._arguments import form, meaning, taken, usage
from smjax.commands._command import command
from smjax.commands._job import JobParser
from smjax.commands._words import exit_line, sentence
from smjax.core.exit_codes import ExitCode
from smjax.core.records.pages import markdown_table

_HEAD = """# Commands

What each command takes, as `smjax COMMAND --help` says it. `smjax COMMAND …` is `python -m smjax COMMAND …`; options
and the rest come in any order. How they end: [exit codes](exit-codes.md). This page is made from the commands'
parsers by `docs/generate.py`.

"""
_CODES = """# Exit codes

The same for every command, so that scripts can tell a wrong request from a failed measurement and from a regression.
Where several apply it is the greatest. This page is made from `smjax/core/exit_codes.py` by `docs/generate.py`.

"""


def commands_page() -> str:
    """docs/commands.md."""
    overview = markdown_table(
        ["command", "what it does"], ([f"[`smjax {name}`](#smjax-{name})", does] for name, does in COMMANDS.items())
    )
    return _HEAD + "\n".join([overview, *(_section(name) for name in COMMANDS)])


def codes_page() -> str:
    """docs/exit-codes.md."""
    return _CODES + markdown_table(["code", "is"], ([str(int(code)), code.meaning] for code in ExitCode))


def _section(name: str) -> str:
    found = command(name)
    parser = found.parser
    rows = ([_names(action), _cell(meaning(action, parser))] for action in taken(parser))
    text = f"## `smjax {name}`\n\n{sentence(COMMANDS[name])}\n\n```text\n{usage(parser)}\n```\n\n"
    table = markdown_table(["argument", "meaning"], rows)
    overrides = f"\nOverrides: [settings](settings.md#smjax-{name}).\n" if isinstance(parser, JobParser) else ""
    return f"{text}{table}{overrides}\n{_examples(found.examples)}\nE{exit_line(found.exits)[1:]}\n"


def _examples(examples: Mapping[str, str]) -> str:
    longest = max(map(len, examples), default=0)
    lines = "".join(f"{line:<{longest}}  # {does}\n" for line, does in examples.items())
    return f"```sh\n{lines}```\n" if lines else ""


def _names(action: argparse.Action) -> str:
    """All that an option is called, the longest with its value."""
    short = [f"`{name}`" for name in action.option_strings[:-1]]
    return ", ".join([*short, f"`{form(action)}`"]).replace("|", "\\|")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
