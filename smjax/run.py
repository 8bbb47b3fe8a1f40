"""Entry point of the main job: `python -m smjax.run -m threads=1,4 ctx=256,1024`, which `smjax run …` is too."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Nothing else is imported before signals are looked after and the command line is known to be right.
if TYPE_CHECKING:
    from smjax.sweep.request.compose import Asked
    from smjax.sweep.request.config import ReportConfig
    from smjax.sweep.run.outside import Outside
    from smjax.sweep.run.prepare import Sweep

OUTPUTS = Path("outputs")
"""Where runs go by default, and so where earlier ones are looked for."""


def main(outside: Outside | None = None) -> int:
    """Serve the command line and return the exit code of the contract; `outside` is by default what there is."""
    from smjax.__main__ import main as smjax

    return smjax(["run", *sys.argv[1:]], outside=outside)


def measure(asked: Asked, outside: Outside) -> int:
    """Measure what was asked for and return the exit code; raises RequestError where nothing can be measured."""
    from smjax.core import signals
    from smjax.core.exit_codes import ExitCode
    from smjax.sweep.run.execute import execute

    # What follows leaves something behind that is to be kept or to be taken away: a signal raises from here on.
    with signals.raised(), contextlib.ExitStack() as held:
        try:
            sweep = _accepted(asked, held, outside)
        except KeyboardInterrupt as stop:
            outside.say(f"{signals.word(stop)}; nothing was measured")
            return signals.exit_code(stop)
        return ExitCode.OK if sweep is None else execute(sweep, outside)


def real_outside(asked: Asked | None = None) -> Outside:
    """Workers on this machine, its environment, tables on the standard output; and what to try when `asked` is done."""
    from smjax.core.engines import packages
    from smjax.core.errors import RequestError
    from smjax.core.machine.host import environment
    from smjax.core.output import complain
    from smjax.doctor import examine
    from smjax.report.tables import after_run, next_steps
    from smjax.report.tables.command_line import CommandLine, program
    from smjax.report.tables.report import print_tables
    from smjax.report.tables.so_far import so_far
    from smjax.sweep.process.hello import hello
    from smjax.sweep.process.local import LocalLauncher
    from smjax.sweep.run.outside import Outside, Reported

    def check_report(asked: ReportConfig) -> None:
        after_run.check(asked.history, asked.baseline)

    def report(run_dir: Path, config: ReportConfig) -> Reported:
        done = after_run.finish(run_dir, config.history, config.baseline, OUTPUTS)
        print_tables(done)
        if done.complaints:
            raise RequestError("; ".join(done.complaints))
        if asked is None or not sys.stderr.isatty():
            return Reported(done.paths)
        own = () if asked.config_dir is None else ("--config-dir", str(asked.config_dir))
        line = CommandLine(program(), asked.job.command, (*own, *asked.overrides), asked.is_sweep)
        return Reported(done.paths, next_steps.lines(next_steps.Ended(done.contents, run_dir, done.last, line)))

    def host() -> dict[str, Any]:
        return environment(packages())

    return Outside(LocalLauncher(), host, check_report, report, hello, complain, so_far, examine)


def _accepted(asked: Asked, held: contextlib.ExitStack, outside: Outside) -> Sweep | None:
    """The sweep that was asked for, or None where Hydra was only asked for information."""
    from smjax.core.engines import complaints
    from smjax.sweep.request.compose import compose
    from smjax.sweep.run.prepare import prepare

    composed = compose(asked)
    if composed is None:
        return None
    try:
        sweep = prepare(composed, held, outside)
    except BaseException:
        composed.folder.undo()
        raise
    for complaint in complaints().values():
        outside.say(complaint)
    return sweep


if __name__ == "__main__":
    sys.exit(main())
