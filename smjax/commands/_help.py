"""What `smjax --help` says: the commands by what one wants of them, how to begin, and where there is more."""

from __future__ import annotations

from smjax.commands import COMMANDS, GROUPS
from smjax.commands._words import exit_line, listed, wrapped
from smjax.core.exit_codes import ExitCode

OPTIONS = {
    "-h, --help": "this; smjax COMMAND --help says all of a command",
    "-V, --version": "the version",
    "--completion SHELL": "what makes bash, zsh or fish complete commands, overrides, folders",
}
EXAMPLES = {
    "smjax run": "this machine, with everything as it is by default",
    "smjax run -m threads=1,4 ctx=256,1024": "a sweep, its table and its folder",
    "smjax run model=FILE.gguf": "a model of your own",
    "smjax doctor": "can this machine measure just now",
    'eval "$(smjax --completion bash)"': "Tab completes in this shell",
}
WHAT = "How fast a 4-bit language model decodes on a CPU, compiled by XLA, with every figure's origin and spread."
MORE = "man smjax has all of this on one page; the pages in docs/ say how it measures, and how to read what it says."


def text() -> str:
    """It, as wide as the terminal."""
    left = max(len(name) for name in COMMANDS)
    paragraphs = [
        "usage: smjax COMMAND [OPTION …]",
        wrapped(WHAT),
        *(listed(f"{group}:", commands, left) for group, commands in GROUPS.items()),
        listed("options:", OPTIONS),
        listed("begin with:", EXAMPLES),
        wrapped(exit_line({code: code.meaning for code in ExitCode})),
        wrapped(MORE),
    ]
    return "\n\n".join(paragraphs)
