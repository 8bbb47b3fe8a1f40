"""`smjax eval`: one answer, for checking."""

from __future__ import annotations

import argparse
from pathlib import Path

from smjax.core import signals
from smjax.core.exit_codes import ExitCode
from smjax.core.output import complain

FIELDS = ("model", "ids_file", "n_gen", "kernel", "isa", "threads", "ctx", "seed", "engine")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is asked of which model, and how it is to be computed."""
    parser.add_argument("--model", required=True, metavar="MODEL", help="a GGUF file, or the name of a preset")
    parser.add_argument("--ids-file", required=True, type=Path, metavar="IDS.json", help="a JSON list of token ids")
    parser.add_argument("--n-gen", required=True, type=int, metavar="N", help="tokens to generate")
    parser.add_argument("--engine", default="smjax", metavar="E", help="what answers, by default smjax")
    parser.add_argument("--kernel", default="auto", metavar="K", help="auto, or one of the engine's: xla, native")
    parser.add_argument("--isa", default="auto", metavar="I", help="auto or a level such as avx2")
    parser.add_argument("--threads", default=1, type=int, metavar="T", help="threads of the worker, by default 1")
    parser.add_argument("--ctx", type=int, metavar="C", help="capacity of the KV cache; by default just enough")
    parser.add_argument("--seed", default=42, type=int, help="of a preset's weights, by default 42")


def call(arguments: argparse.Namespace) -> int:
    """Print the answer."""
    from smjax.core.engines import complaints
    from smjax.sweep.process.local import LocalLauncher
    from smjax.sweep.run.evaluate import EvalRequest, WorkerFailed, evaluate

    request = EvalRequest(**{name: getattr(arguments, name) for name in FIELDS})
    with signals.raised():
        try:
            answer = evaluate(request, LocalLauncher())
            for complaint in complaints().values():
                complain(complaint)
            print(answer)
        except WorkerFailed as failure:
            complain(str(failure))
            return ExitCode.FAILED
    return ExitCode.OK
