"""Every command but the Hydra jobs: `smjax NAME …` is `python -m smjax NAME …`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from smjax import __version__
from smjax.core.errors import RequestError
from smjax.core.exit_codes import ExitCode


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.command(arguments)
    except RequestError as error:
        return _complain(str(error), ExitCode.WRONG_REQUEST)
    except KeyboardInterrupt:
        return _complain("interrupted", ExitCode.INTERRUPTED)
    return code


def evaluate(arguments: argparse.Namespace) -> int:
    """`smjax eval`."""
    from smjax.sweep.process.local import LocalLauncher
    from smjax.sweep.run.evaluate import EvalRequest, WorkerFailed
    from smjax.sweep.run.evaluate import evaluate as answer

    fields = {name: value for name, value in vars(arguments).items() if name != "command"}
    try:
        print(answer(EvalRequest(**fields), LocalLauncher()))
    except WorkerFailed as failure:
        return _complain(str(failure), ExitCode.FAILED)
    return 0


def export(arguments: argparse.Namespace) -> int:
    """`smjax export`."""
    from smjax.core.models.export import export_preset

    export_preset(arguments.model, arguments.file, arguments.seed)
    print(arguments.file)
    return 0


def report(arguments: argparse.Namespace) -> int:
    """`smjax report`."""
    if arguments.audit:
        return audit(arguments)
    from smjax.report.tables.rebuild import rebuild
    from smjax.report.tables.report import tell

    return tell(rebuild(arguments.dirs, arguments.out, arguments.history, arguments.baseline))


def doctor(arguments: argparse.Namespace) -> int:
    """`smjax doctor`."""
    from smjax.doctor.render import doctor as look

    look(arguments.json, arguments.strict)
    return 0


def audit(arguments: argparse.Namespace) -> int:
    """`smjax report --audit`."""
    from smjax.report.audit.command import audit as judge

    if arguments.out or arguments.history or arguments.baseline:
        raise RequestError(
            "--audit: expected no --out, --history or --baseline, found one; audit or report, one at a time"
        )
    print(judge(arguments.dirs), end="")
    return 0


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.WRONG_REQUEST, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> _Parser:
    parser = _Parser(prog="smjax", description="How fast a 4-bit language model decodes on a CPU.")
    parser.add_argument("--version", action="version", version=f"smjax {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_eval(commands)
    _add_export(commands)
    _add_report(commands)
    _add_doctor(commands)
    return parser


def _add_eval(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = commands.add_parser("eval", help="answer one prompt, for checking: a line of JSON")
    command.add_argument("--model", required=True, metavar="MODEL", help="a GGUF file, or the name of a preset")
    command.add_argument("--ids-file", required=True, type=Path, metavar="IDS.json", help="a JSON list of token ids")
    command.add_argument("--n-gen", required=True, type=int, metavar="N", help="tokens to generate")
    command.add_argument("--kernel", default="auto", metavar="K", help="auto, xla or native")
    command.add_argument("--isa", default="auto", metavar="I", help="auto or a level such as avx2")
    command.add_argument("--threads", default=1, type=int, metavar="T")
    command.add_argument("--ctx", type=int, metavar="C", help="capacity of the KV cache; by default just enough")
    command.add_argument("--seed", default=42, type=int, help="of a preset's weights")
    command.set_defaults(command=evaluate)


def _add_export(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = commands.add_parser("export", help="write a preset as a GGUF file for other tools")
    command.add_argument("--model", required=True, metavar="NAME", help="a preset of the llama architecture")
    command.add_argument("--seed", default=42, type=int, help="of its weights")
    command.add_argument("file", type=Path, metavar="FILE.gguf")
    command.set_defaults(command=export)


def _add_report(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = commands.add_parser("report", help="rebuild the summaries of run folders from their records")
    command.add_argument(
        "dirs", nargs="+", type=Path, metavar="DIR", help="run folder; to audit, a file of results too"
    )
    command.add_argument("--out", type=Path, metavar="DIR", help="write one merged summary there")
    command.add_argument("--history", metavar="NAME", help="published results to show beside: a shipped name or a file")
    command.add_argument("--baseline", metavar="ROW", help="the row that ratios are taken to")
    command.add_argument("--audit", action="store_true", help="only say which rows can hardly be measurements, and why")
    command.set_defaults(command=report)


def _add_doctor(commands: argparse._SubParsersAction[_Parser]) -> None:
    command = commands.add_parser("doctor", help="what disturbs measurements on this machine, and what to do about it")
    command.add_argument("--json", action="store_true", help="one JSON object instead of a screen")
    command.add_argument("--strict", action="store_true", help="exit 2 if the machine is noisy")
    command.set_defaults(command=doctor)


def _complain(text: str, code: int) -> int:
    print(f"smjax: {text}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
