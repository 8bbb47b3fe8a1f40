"""`smjax eval`: one answer for checking, or those of several engines beside each other."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smjax.commands._worker import add_timeout
from smjax.core import signals
from smjax.core.errors import RequestError
from smjax.core.exit_codes import ExitCode
from smjax.core.output import complain

if TYPE_CHECKING:
    from smjax.sweep.run.evaluate import EvalRequest

EXAMPLES = {
    "smjax eval --model FILE.gguf --ids-file IDS.json --n-gen 16": "one answer, a line of JSON",
    "smjax eval --model stories-15m --ids-file IDS.json --n-gen 16 --kernel all": "how far the kernels agree",
}
EXITS = {1: "an engine failed"}
FIELDS = ("model", "ids_file", "n_gen", "kernel", "isa", "threads", "ctx", "seed", "timeout_s")
_SETTING = re.compile(r"engine_args\.(?P<name>\w+)=(?P<value>.*)", re.DOTALL)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is asked of which model, how it is to be computed, and what the answers are held against."""
    parser.add_argument("--model", required=True, metavar="MODEL", help="a GGUF file, or the name of a preset")
    parser.add_argument("--ids-file", required=True, type=Path, metavar="IDS.json", help="a JSON list of token ids")
    parser.add_argument("--n-gen", required=True, type=int, metavar="N", help="tokens to generate")
    parser.add_argument("--ctx", type=int, metavar="N", help="capacity of the KV cache; by default just enough")
    parser.add_argument(
        "--seed", default=42, type=int, metavar="N", help="of a preset's weights, by default %(default)s"
    )
    how = parser.add_argument_group("what answers")
    how.add_argument(
        "--engine", default="smjax", metavar="ENGINE", help="engine, by default %(default)s; several: A,B,C"
    )
    how.add_argument(
        "--kernel",
        default="auto",
        metavar="KERNEL",
        help="auto, all, or one of the engine's: xla, native; by default %(default)s",
    )
    how.add_argument(
        "--isa", default="auto", metavar="ISA", help="auto, all, or a level such as avx2; by default %(default)s"
    )
    how.add_argument("--threads", default=1, type=int, metavar="N", help="of the worker, by default %(default)s")
    add_timeout(how)
    how.add_argument("settings", nargs="*", metavar="engine_args.NAME=VALUE", help="a setting of an engine")
    several = parser.add_argument_group("several answers beside each other")
    several.add_argument(
        "--reference",
        type=Path,
        metavar="FILE",
        help="what they are held against, as eval prints one; by default the first",
    )
    several.add_argument(
        "--format", choices=("text", "md", "json"), help="a table, Markdown, or a list of rows; by default text"
    )


def call(arguments: argparse.Namespace) -> int:
    """Print the answer, or of several a table."""
    from smjax.core.engines import complaints
    from smjax.sweep.run.evaluate import EvalRequest

    engines = tuple(dict.fromkeys(name.strip() for name in arguments.engine.split(",")))
    asked = {name: getattr(arguments, name) for name in FIELDS}
    request = EvalRequest(**asked, engines=engines, engine_args=_settings(arguments.settings))
    several = len(engines) > 1 or "all" in (request.kernel, request.isa)
    if not several and arguments.format and not arguments.reference:
        raise RequestError("--format: expected several engines or --reference with it, found one engine; leave it out")
    with signals.raised():
        code = _table(request, arguments) if several or arguments.reference else _one(request)
    for complaint in complaints().values():
        complain(complaint)
    return code


def _settings(texts: Sequence[str]) -> dict[str, str]:
    """By their names, as overrides spell them."""
    found = {}
    for text in texts:
        setting = _SETTING.fullmatch(text)
        if setting is None:
            raise RequestError(f"{text}: expected an option, or a setting as engine_args.NAME=VALUE, found neither")
        found[setting["name"]] = setting["value"]
    return found


def _one(request: EvalRequest) -> int:
    from smjax.sweep.process.local import LocalLauncher
    from smjax.sweep.run.evaluate import WorkerFailed, evaluate

    try:
        print(evaluate(request, LocalLauncher()))
    except WorkerFailed as failure:
        complain(str(failure))
        return ExitCode.FAILED
    return ExitCode.OK


def _table(request: EvalRequest, arguments: argparse.Namespace) -> int:
    from smjax.report.tables.answers import tell
    from smjax.sweep.process.local import LocalLauncher
    from smjax.sweep.run.evaluate import evaluate_each

    found, reference = evaluate_each(request, arguments.reference, LocalLauncher())
    named = str(arguments.reference) if arguments.reference else " ".join((found[0].engine, found[0].kernel))
    title = f"{Path(request.model).name}, {request.ids_file}"
    tell(title, found, reference, named, arguments.format or "text")
    return ExitCode.OK if all(one.status == "ok" for one in found) else ExitCode.FAILED
