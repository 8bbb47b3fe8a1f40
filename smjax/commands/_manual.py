r"""The manual page smjax(1), from what the commands' parsers take.

References: groff_man(7), man-pages(7).
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator, Mapping

from smjax import __version__
from smjax.commands import COMMANDS, GROUPS
from smjax.commands import _help as of_all
from smjax.commands._arguments import form, meaning, taken, usage
from smjax.commands._command import Command, command
from smjax.commands._words import sentence
from smjax.core.exit_codes import ExitCode
from smjax.sweep.request.explain import meaning as meaning_of_key
from smjax.sweep.request.job import Job
from smjax.sweep.request.keys import keys
from smjax.sweep.request.page import ENVIRONMENT

_FILES = {
    "outputs/": "where runs go that are given no folder",
    "DIR/records/ID.json": "of a run what is true: a file for each process; everything else is made from them",
    "DIR/summary.md, summary.csv, summary.json, report.html": "a row for each scenario, for people and for programs",
    "~/.cache/smjax": "compiled programs and written presets",
    "~/.local/state/smjax": "saved baselines, and the random id of this machine",
}
_LINE = 72
_TITLE = (
    '.\\" Made by docs/generate.py from smjax/commands; changes are lost.',
    f'.TH SMJAX 1 "" "smjax {__version__}" "User Commands"',
    ".nh",
    ".ad l",
)
"""Names are not to be hyphenated, nor lines filled with blanks."""


def manual() -> str:
    """docs/man/smjax.1."""
    return "\n".join([*_TITLE, *_head(), *_body(), *_foot(), ""])


def _head() -> Iterator[str]:
    yield from (".SH NAME", _prose(f"smjax - {of_all.WHAT[0].lower()}{of_all.WHAT[1:].rstrip('.')}"))
    yield from (".SH SYNOPSIS", ".SY smjax", _bold("COMMAND"), _prose("[OPTION …]"), ".YS")
    yield ".SH COMMANDS"
    for group, commands in GROUPS.items():
        yield from (f".SS {_prose(group)}", *_entries(commands))
    yield from (".SH OPTIONS", *_entries(of_all.OPTIONS))


def _body() -> Iterator[str]:
    for name in COMMANDS:
        yield from _section(name, command(name))


def _foot() -> Iterator[str]:
    yield from (".SH EXAMPLES", *_entries(of_all.EXAMPLES))
    yield from (".SH EXIT STATUS", *_entries({str(int(code)): code.meaning for code in ExitCode}))
    yield from (".SH ENVIRONMENT", *_entries(ENVIRONMENT))
    yield from (".SH FILES", *_entries(_FILES))


def _section(name: str, found: Command) -> Iterator[str]:
    parser = found.parser
    yield from (f".SH SMJAX {name.upper()}", _prose(sentence(COMMANDS[name])), ".PP", _literal(usage(parser)))
    for action in taken(parser):
        yield from (".TP", _argument(action), _prose(meaning(action, parser)))
    job: Job | None = getattr(parser, "job", None)
    if job is not None:
        yield from (
            ".SS Overrides",
            *_entries({f"{k.name}={k.default}": meaning_of_key(k) for k in keys(job).values()}),
        )
    yield from (".SS Examples", *_entries(found.examples))
    yield from (".SS Exit status", *_entries({str(int(code)): found.exits[code] for code in sorted(found.exits)}))


def _entries(entries: Mapping[str, str]) -> Iterator[str]:
    for name, is_ in entries.items():
        yield from (".TP", _bold(name), _prose(is_))


def _argument(action: argparse.Action) -> str:
    """Names in bold, their value in italics."""
    *others, last = action.option_strings or [""]
    value = form(action).removeprefix(last).strip()
    names = ", ".join(_bold(name) for name in [*others, last] if name)
    return " ".join(filter(None, [names, f"\\fI{_literal(value)}\\fR" if value else ""]))


def _bold(text: str) -> str:
    return f"\\fB{_literal(text)}\\fR"


def _literal(text: str) -> str:
    """Text to be typed, every character as it is."""
    for character, escape in (
        ("\\", "\\e"),
        ("-", "\\-"),
        ("'", "\\(aq"),
        ("^", "\\(ha"),
        ("~", "\\(ti"),
        ("`", "\\(ga"),
    ):
        text = text.replace(character, escape)
    return _line(text)


def _prose(text: str) -> str:
    """Text to be read: the hyphens that begin a word, as those of options, are to be typed."""
    plain = text.replace("\\", "\\e").replace("`", "")
    lines = textwrap.wrap(plain, _LINE, break_long_words=False, break_on_hyphens=False)
    return "\n".join(_line(re.sub(r"(?<!\w)-", r"\-", line)) for line in lines)


def _line(text: str) -> str:
    """No request, whatever it begins with."""
    return f"\\&{text}" if text.startswith((".", "'")) else text
