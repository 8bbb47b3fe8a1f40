"""`smjax profile`: where the time of a token, and of a prompt, goes."""

from __future__ import annotations

import argparse
from pathlib import Path

from smjax.commands._worker import add_timeout
from smjax.core import signals
from smjax.core.exit_codes import ExitCode
from smjax.core.files import check_writable
from smjax.core.output import complain

EXAMPLES = {
    "smjax profile --model stories-15m --ctx 1024": "tables of a token and of a prompt",
    "smjax profile --model FILE.gguf --trace token.json": "and what each thread did when, for ui.perfetto.dev",
}
EXITS = {1: "a kernel failed"}
FIELDS = ("model", "kernel", "isa", "threads", "ctx", "n_gen", "seed", "replicates", "iterations", "timeout_s")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is looked into, how long, and what comes of it."""
    parser.add_argument("--model", required=True, metavar="MODEL", help="a GGUF file, or the name of a preset")
    parser.add_argument("--ctx", default=256, type=int, metavar="N", help="of the KV cache, by default %(default)s")
    parser.add_argument(
        "--n-gen", default=128, type=int, metavar="N", help="tokens of an answer, by default %(default)s"
    )
    parser.add_argument("--threads", default=1, type=int, metavar="N", help="of the worker, by default %(default)s")
    parser.add_argument(
        "--kernel", default="auto", metavar="KERNEL", help="auto, xla, native, or all; by default %(default)s"
    )
    parser.add_argument(
        "--isa", default="auto", metavar="ISA", help="auto, or a level such as avx2; by default %(default)s"
    )
    parser.add_argument(
        "--seed", default=42, type=int, metavar="N", help="of weights and prompt, by default %(default)s"
    )
    often = parser.add_argument_group("how long and how often")
    often.add_argument(
        "--replicates",
        default=5,
        type=int,
        metavar="N",
        help="processes profiled, and as many measured in turn; by default %(default)s",
    )
    often.add_argument(
        "--iterations", type=int, metavar="N", help="answers of each; by default as many as fill a second"
    )
    add_timeout(often)
    told = parser.add_argument_group("what comes of it")
    told.add_argument(
        "--format",
        choices=("text", "md", "json"),
        default="text",
        help="tables, or for programs; by default %(default)s",
    )
    told.add_argument("--out", type=Path, metavar="DIR", help="a run folder to keep each profile in, for its report")
    told.add_argument("--trace", type=Path, metavar="FILE", help="what each thread did when, for ui.perfetto.dev")


def call(arguments: argparse.Namespace) -> int:
    """Look into the kernels that are asked for, one after the other, and print."""
    from smjax.report.data.profile_document import told
    from smjax.report.data.profile_files import write_profiles
    from smjax.report.render.trace import write_trace
    from smjax.report.tables.profile import tell
    from smjax.sweep.process.local import LocalLauncher
    from smjax.sweep.run.profile import ProfileRequest, profile_each

    request = ProfileRequest(**{name: getattr(arguments, name) for name in FIELDS})
    if arguments.trace:
        check_writable(arguments.trace, "a trace")
    if arguments.out:
        check_writable(arguments.out / "profile-of-a-model.json", "a profile")
    with signals.raised():
        found = profile_each(request, LocalLauncher(), complain)
    for one in found:
        if one.status != "ok":
            complain(f"{one.resolved.kernel}: {one.status}: {one.reason}")
    done = [one for one in found if one.status == "ok"]
    profiles = [told(one) for one in done]
    if done:
        tell(profiles, arguments.format)
    if done and arguments.trace:
        write_trace(arguments.trace, done)
    if arguments.out:
        write_profiles(arguments.out, profiles)
    return ExitCode.OK if len(done) == len(found) else ExitCode.FAILED
