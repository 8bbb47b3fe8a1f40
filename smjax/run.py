"""Hydra entry point of the main job: `python -m smjax.run -m threads=1,4 ctx=256,1024`."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.exit_codes import ExitCode
from smjax.report.tables import after_run
from smjax.sweep.request.compose import compose
from smjax.sweep.request.config import ReportConfig
from smjax.sweep.run.execute import execute
from smjax.sweep.run.prepare import Sweep, prepare

OUTPUTS = Path("outputs")
"""Where runs go by default, and so where earlier ones are looked for."""


def main() -> int:
    """Serve the command line and return the exit code of the contract."""
    with contextlib.ExitStack() as held:
        try:
            sweep = _accepted(held)
        except RequestError as error:
            _say(str(error))
            return ExitCode.WRONG_REQUEST
        except KeyboardInterrupt:
            _say("interrupted; nothing was measured")
            return ExitCode.INTERRUPTED
        return ExitCode.OK if sweep is None else execute(sweep, _report)


def _accepted(held: contextlib.ExitStack) -> Sweep | None:
    """The sweep that was asked for, or None where Hydra was only asked for information."""
    composed = compose()
    if composed is None:
        return None
    try:
        return prepare(composed, held, _say, _check_report)
    except BaseException:
        composed.folder.undo()
        raise


def _check_report(asked: ReportConfig) -> None:
    after_run.check(asked.history, asked.baseline)


def _report(run_dir: Path, asked: ReportConfig) -> Sequence[Path]:
    done = after_run.finish(run_dir, asked.history, asked.baseline, OUTPUTS)
    after_run.show(done)
    return done.paths


def _say(text: str) -> None:
    print(f"smjax: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
