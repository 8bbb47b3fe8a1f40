"""How arguments are written and what they mean, for the pages that are made from parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from smjax.commands._parser import Parser

_HELP = "-h"


def taken(parser: Parser) -> list[argparse.Action]:
    """What a command takes besides a wish for help."""
    return [action for action in parser._actions if _HELP not in action.option_strings]


def usage(parser: Parser) -> str:
    """In one line: argparse breaks it, and not alike in every Python."""
    return parser.usage or " ".join([parser.prog, *_optional(taken(parser))])


def form(action: argparse.Action) -> str:
    """How an argument is written: `--out DIR`, `DIR …`."""
    name = (action.option_strings or [""])[-1]
    if action.nargs == 0:
        return name
    value = str(action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper())
    several = " …" if action.nargs in ("*", "+") else ""
    value = f"[{value}]" if action.nargs == "?" else value
    return f"{name} {value}{several}".strip()


def meaning(action: argparse.Action, parser: Parser) -> str:
    """What help says of it, with its default."""
    return (action.help or "") % {**vars(action), "prog": parser.prog}


def _optional(actions: Sequence[argparse.Action]) -> Iterator[str]:
    """Those that must be there first; of positional ones each Python has an opinion of its own."""
    required = [one for one in actions if (one.required if one.option_strings else one.nargs not in ("*", "?"))]
    yield from map(form, required)
    yield from (f"[{form(action)}]" for action in actions if action not in required)
