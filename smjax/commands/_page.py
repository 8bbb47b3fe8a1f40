"""The page of all commands, from what their parsers take."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from smjax.commands import COMMANDS
from smjax.commands._command import command
from smjax.commands._parser import Parser
from smjax.commands._words import exit_line
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
_HELP = "-h"


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
    taken = [action for action in parser._actions if _HELP not in action.option_strings]
    rows = ([_names(action), _cell(_meaning(action, parser))] for action in taken)
    text = f"## `smjax {name}`\n\n{_sentence(COMMANDS[name])}\n\n```text\n{_usage(parser, taken)}\n```\n\n"
    examples = "\n".join(f"{line}  # {does}" for line, does in found.examples.items())
    table = markdown_table(["argument", "meaning"], rows)
    return f"{text}{table}\n```text\n{examples}\n```\n\nE{exit_line(found.exits)[1:]}\n"


def _usage(parser: Parser, actions: list[argparse.Action]) -> str:
    """In one line: argparse breaks it, and not alike in every Python."""
    return parser.usage or " ".join([parser.prog, *_optional(actions)])


def _optional(actions: list[argparse.Action]) -> Iterator[str]:
    """Those that must be there first; of positional ones each Python has an opinion of its own."""
    required = [one for one in actions if (one.required if one.option_strings else one.nargs not in ("*", "?"))]
    yield from map(_form, required)
    yield from (f"[{_form(action)}]" for action in actions if action not in required)


def _names(action: argparse.Action) -> str:
    """All that an option is called, the longest with its value."""
    short = [f"`{name}`" for name in action.option_strings[:-1]]
    return ", ".join([*short, f"`{_form(action)}`"]).replace("|", "\\|")


def _form(action: argparse.Action) -> str:
    """How an argument is written: `--out DIR`, `DIR …`."""
    name = (action.option_strings or [""])[-1]
    if action.nargs == 0:
        return name
    value = str(action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper())
    several = " …" if action.nargs in ("*", "+") else ""
    value = f"[{value}]" if action.nargs == "?" else value
    return f"{name} {value}{several}".strip()


def _meaning(action: argparse.Action, parser: Parser) -> str:
    return (action.help or "") % {**vars(action), "prog": parser.prog}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _sentence(does: str) -> str:
    return f"{does[:1].upper()}{does[1:].rstrip(' …')}."
