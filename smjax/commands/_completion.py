"""What a shell is told when somebody presses Tab: by argcomplete's protocol, from what the commands' parsers take."""

from __future__ import annotations

import os

from smjax.commands import COMMANDS
from smjax.commands._command import command
from smjax.commands._parser import Parser
from smjax.core.errors import RequestError

SHELLS = ("bash", "zsh", "fish")
_ASKED = "_ARGCOMPLETE"
"""The variable by which argcomplete's script asks; it says which word of the line is the program, from 1."""


def script(shell: str) -> str:
    """What a shell evaluates to ask from then on; raises RequestError for one that is not known."""
    from argcomplete.shell_integration import shellcode

    if shell not in SHELLS:
        raise RequestError(
            f"--completion: expected one of {', '.join(SHELLS)}, found {shell or 'none'}; write smjax --completion bash"
        )
    return shellcode(["smjax"], shell=shell)


def answer() -> None:
    """Tell a shell that asks how a line may go on, and end the process."""
    import argcomplete
    from argcomplete.lexers import split_line

    from smjax.commands._values import Values

    place = int(os.environ[_ASKED])
    before = split_line(os.environ["COMP_LINE"], int(os.environ["COMP_POINT"]))[3][place:]
    if before and before[0] in COMMANDS:
        os.environ[_ASKED] = str(place + 1)  # the command is the program, and only its module is imported
        parser = command(before[0]).parser
    else:
        parser = _commands()
    argcomplete.autocomplete(parser, always_complete_options="long", default_completer=Values())


def _commands() -> Parser:
    parser = Parser("smjax", "")
    parser.add_argument("-V", "--version", action="store_true", help="the version")
    parser.add_argument("--completion", choices=SHELLS, help="the script that makes a shell complete")
    parser.add_argument("command", metavar="COMMAND")
    return parser
