"""From composed points to a sweep that may start: judged together, planned, with a folder that takes records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.host import environment
from smjax.core.model import Model
from smjax.core.scenario import Scenario
from smjax.report import after_run
from smjax.sweep.choice import expand, why_not_native
from smjax.sweep.compose import Composed
from smjax.sweep.config import JobConfig, ReportConfig, scenario_of
from smjax.sweep.folder import RunFolder
from smjax.sweep.model_file import FileState, file_state
from smjax.sweep.plan import Run, plan_runs
from smjax.sweep.validate import ModelKey, check_all


@dataclass(frozen=True)
class Sweep:
    """All that is needed to measure."""

    runs: list[Run]
    models: dict[ModelKey, Model]
    files: dict[str | None, FileState]
    """Of each model's file, before it was checked."""
    environment: dict[str, Any]
    folder: RunFolder
    report: ReportConfig
    note: str | None
    """What whoever asked should know before it starts, in one line."""


def prepare(composed: Composed) -> Sweep:
    """The sweep of all points; raises RequestError if any of them cannot be served."""
    report = _report(composed.points)
    after_run.check(report.history, report.baseline)
    host = environment()
    scenarios = [one for point in composed.points for one in expand(scenario_of(point), host)]
    files = {scenario.model_path: file_state(scenario.model_path) for scenario in scenarios}
    models = check_all(scenarios, host)
    for model in models.values():
        _ = model.hash  # reads the whole file: now, and not beside a worker that is being timed
    composed.folder.open()
    return Sweep(plan_runs(scenarios), models, files, host, composed.folder, report, _note(scenarios, host))


def _note(scenarios: Sequence[Scenario], host: dict[str, Any]) -> str | None:
    return why_not_native(host) if any(scenario.kernel == "auto" for scenario in scenarios) else None


def _report(points: Sequence[JobConfig]) -> ReportConfig:
    first = points[0].report
    if any(point.report != first for point in points):
        raise RequestError(
            "report: expected one history and baseline for the run, found several; do not sweep over them"
        )
    return first
