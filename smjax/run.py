"""Hydra entry point of the main job: `python -m smjax.run -m threads=1,4 ctx=256,1024`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from smjax.core.engines import packages
from smjax.core.errors import RequestError
from smjax.core.exit_codes import ExitCode
from smjax.core.machine.host import environment
from smjax.report.render.renderers import show
from smjax.report.tables import after_run
from smjax.sweep.process.local import LocalLauncher
from smjax.sweep.request.compose import compose
from smjax.sweep.request.config import ReportConfig
from smjax.sweep.run.execute import execute
from smjax.sweep.run.outside import Outside
from smjax.sweep.run.prepare import Sweep, prepare

OUTPUTS = Path("outputs")
"""Where runs go by default, and so where earlier ones are looked for."""


def main(outside: Outside | None = None) -> int:
    """Serve the command line and return the exit code of the contract; `outside` is by default what there is."""
    outside = outside or real_outside()
    with contextlib.ExitStack() as held:
        try:
            sweep = _accepted(held, outside)
        except RequestError as error:
            outside.say(str(error))
            return ExitCode.WRONG_REQUEST
        except KeyboardInterrupt:
            outside.say("interrupted; nothing was measured")
            return ExitCode.INTERRUPTED
        return ExitCode.OK if sweep is None else execute(sweep, outside)


def real_outside() -> Outside:
    """Workers on this machine, its environment, tables on the standard output."""
    return Outside(LocalLauncher(), lambda: environment(packages()), _check_report, _report, _say)


def _accepted(held: contextlib.ExitStack, outside: Outside) -> Sweep | None:
    """The sweep that was asked for, or None where Hydra was only asked for information."""
    composed = compose()
    if composed is None:
        return None
    try:
        return prepare(composed, held, outside)
    except BaseException:
        composed.folder.undo()
        raise


def _check_report(asked: ReportConfig) -> None:
    after_run.check(asked.history, asked.baseline)


def _report(run_dir: Path, asked: ReportConfig) -> Sequence[Path]:
    done = after_run.finish(run_dir, asked.history, asked.baseline, OUTPUTS)
    show(done.grids, sys.stdout)
    if done.complaints:
        raise RequestError("; ".join(done.complaints))
    return done.paths


def _say(text: str) -> None:
    print(f"smjax: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
