"""Runs a prepared sweep: worker after worker, a record each, and at the end the table and the files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from smjax.core.errors import RequestError
from smjax.core.record import write_record
from smjax.report import after_run
from smjax.sweep.compile_ahead import compile_ahead
from smjax.sweep.launcher import run_worker
from smjax.sweep.model_file import unless_changed
from smjax.sweep.plan import Run
from smjax.sweep.prepare import Sweep
from smjax.sweep.progress import Progress
from smjax.sweep.record import make_record
from smjax.sweep.tasks import measure_task
from smjax.sweep.tune_ahead import tune_ahead
from smjax.sweep.validate import model_key

OK, SOME_FAILED, INTERRUPTED = 0, 1, 130

_OUTPUTS = Path("outputs")
"""Where runs go by default, and so where earlier ones are looked for."""


def execute(sweep: Sweep) -> int:
    """Measure, report, and return the exit code."""
    statuses: list[str] = []
    progress_console = Console(stderr=True)
    if sweep.note:
        _say(progress_console, f"smjax: {sweep.note}")
    try:
        with Progress(progress_console, sweep.runs) as progress:
            for run in sweep.runs:
                statuses.append(_measure(sweep, run, progress))
        code = OK if set(statuses) <= {"ok"} else SOME_FAILED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except RequestError as error:  # the disk is full: a summary could not be written either
        _say(progress_console, f"smjax: {error}; stopped, {_kept(sweep, len(statuses))}")
        return SOME_FAILED
    if statuses:
        code = max(code, _report(sweep, progress_console))
    if code == INTERRUPTED:
        _say(progress_console, f"smjax: interrupted; {_kept(sweep, len(statuses))}")
        sweep.folder.undo()
    return code


def _measure(sweep: Sweep, run: Run, progress: Progress) -> str:
    """Run one worker, write its record and return its status."""
    progress.phase("start")
    model = sweep.models[model_key(run.scenario)]
    choices = tune_ahead(run.scenario, model, sweep.environment, progress.phase)
    cache_dir = compile_ahead(run.scenario, model, sweep.environment, progress.phase, choices)
    started = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    outcome = run_worker(
        measure_task(run.scenario, sweep.environment, cache_dir, choices),
        threads=run.scenario.threads,
        timeout_s=run.scenario.measure.timeout_s,
        on_phase=progress.phase,
    )
    path = run.scenario.model_path
    outcome = unless_changed(outcome, path, sweep.files[path])
    write_record(sweep.folder.records, make_record(run, model, sweep.environment, started, outcome))
    progress.finished(outcome)
    return outcome.status


def _report(sweep: Sweep, errors: Console) -> int:
    """Write the derived files, print the tables and the paths."""
    try:
        done = after_run.finish(sweep.folder.path, sweep.report.history, sweep.report.baseline, _OUTPUTS)
    except RequestError as error:
        _say(errors, f"smjax: {error}")
        return SOME_FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    console = Console()
    if console.is_terminal:
        console.print(*done.renderables, sep="\n")
    else:
        print(done.markdown)
    _say(console, "\n".join(["Files:", f"  {sweep.folder.records}/", *(f"  {path}" for path in done.paths)]))
    return OK


def _kept(sweep: Sweep, n_done: int) -> str:
    if not n_done:
        return "nothing was measured"
    return f"the records of {n_done} of {len(sweep.runs)} workers are kept in {sweep.folder.records}"


def _say(console: Console, text: str) -> None:
    """Print as it is, however long the line: paths are to be copied."""
    console.print(Text(text), soft_wrap=True)
