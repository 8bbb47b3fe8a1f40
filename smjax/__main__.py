"""Finds the command: `smjax NAME …` is `python -m smjax NAME …`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from smjax.core import signals

# PYTHON_ARGCOMPLETE_OK: shells that complete every such program find this mark, and ask `main` as those that evaluated
# `smjax --completion SHELL` do.


def main(argv: Sequence[str] | None = None, **handed: Any) -> int:
    """Run one command and return its exit code; what it is handed is for tests."""
    with signals.ended_at_once():  # and only then is anything imported
        if argv is None and os.environ.keys() >= {"_ARGCOMPLETE", "COMP_LINE"}:  # a shell asks how a line may go on
            from smjax.commands._completion import answer

            answer()
        from smjax.core.output import printing

        return printing(lambda: _refusing(list(sys.argv[1:] if argv is None else argv), handed))


def _refusing(argv: list[str], handed: Mapping[str, Any]) -> int:
    from smjax.core.errors import RequestError
    from smjax.core.exit_codes import ExitCode
    from smjax.core.output import complain

    try:
        if sys.platform == "win32":
            raise RequestError("smjax needs Linux or macOS, found Windows; inside of WSL (wsl --install) it is Linux")
        return _serve(argv, handed)
    except RequestError as error:
        complain(str(error))
        return ExitCode.WRONG_REQUEST
    except KeyboardInterrupt as stop:
        complain(signals.word(stop))
        return signals.exit_code(stop)


def _serve(argv: list[str], handed: Mapping[str, Any]) -> int:
    from smjax.commands import COMMANDS

    if argv[:1] == ["help"]:
        argv = [*argv[1:2], "--help"]
    if not argv or argv[0] in ("-h", "--help"):
        from smjax.commands._help import text

        print(text())
    elif argv[0] in ("-V", "--version"):
        from smjax import __version__

        print(f"smjax {__version__}")
    elif argv[0].partition("=")[0] == "--completion":
        from smjax.commands._completion import script

        print(script(argv[0].partition("=")[2] or " ".join(argv[1:])), end="")
    elif argv[0] in COMMANDS:
        return _call(argv[0], argv[1:], handed)
    else:
        _refuse(argv)
    return 0


def _call(name: str, argv: Sequence[str], handed: Mapping[str, Any]) -> int:
    from smjax.commands._command import command

    found = command(name)
    code: int = found.module.call(found.parser.parse(argv), **handed)
    return code


def _refuse(argv: Sequence[str]) -> None:
    import shlex

    from smjax.commands import COMMANDS
    from smjax.core.errors import RequestError
    from smjax.core.nearest import nearest

    name = argv[0]
    if name.startswith("-"):
        raise RequestError(f"{name}: expected a command before its options, found none; smjax --help lists them")
    if "=" in name or name.endswith(".gguf"):
        override = f"model={name}" if name.endswith(".gguf") and not name.startswith("model") else name
        raise RequestError(f"{name}: expected a command, found none; write smjax run {shlex.quote(override)}")
    meant = nearest(name, COMMANDS)
    fix = f"write smjax {meant}" if meant else "to measure write smjax run"
    raise RequestError(f"{name}: expected one of {', '.join(COMMANDS)}, found {name}; {fix}")


if __name__ == "__main__":
    sys.exit(main())
