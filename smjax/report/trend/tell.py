"""What `smjax trend` is asked, and how its answer is printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from smjax.core.errors import RequestError
from smjax.core.exit_codes import ExitCode
from smjax.core.output import complain
from smjax.core.records.folder import Loaded, found_instead, load_folder
from smjax.core.text import printable
from smjax.report.compare.metrics import metrics_of
from smjax.report.compare.sides import run_folders, runs_of
from smjax.report.render.renderers import RENDERERS, show
from smjax.report.trend.changes import Change, Course, courses
from smjax.report.trend.table import table
from smjax.report.trend.timelines import timelines


def tell(named: Sequence[str], metric: str | None, form: str) -> int:
    """Print the steps of all histories in these folders, of a column or of what they are about; returns the exit code.

    Raises RequestError for a folder without a run, and where no run has the figure.
    """
    metrics_of([], metric)  # a name that is none is refused before anything is read
    loaded = [one for name in named for one in _loaded(name)]
    metrics = metrics_of([record for one in loaded for record in one.records], metric)
    found = courses(timelines(runs_of([one.records for one in loaded]), metrics))
    if not found:
        told = " or ".join(column.name for column in metrics)
        raise RequestError(f"trend: expected runs that have {told}, found none; name others, or another --metric")
    if form == "json":
        print(json.dumps([_to_json(course) for course in found], indent=1, allow_nan=False))
    else:
        grids = [table(found)]
        RENDERERS["markdown"](grids, sys.stdout) if form == "md" else show(grids, sys.stdout)
    refused = dict.fromkeys(line for one in loaded for line in one.refused)
    for line in refused:
        complain(line)
    return ExitCode.FAILED if refused else ExitCode.OK


def _loaded(name: str) -> list[Loaded]:
    """The runs in a folder or below it, or a baseline; of some that cannot be read the others count."""
    found = [load_folder(folder) for folder in run_folders(name)]
    if any(one.records for one in found):
        return found
    why = next((line for one in found for line in one.refused), found_instead(Path(name)))
    raise RequestError(f"{printable(name, 500)}: expected a run folder, or one above several, {why}")


def _to_json(course: Course) -> dict[str, Any]:
    """As programs get it; see docs/trend.md."""
    points, found = course.timeline.points, course.steps
    return {
        "scenario": course.scenario,
        "metric": course.timeline.metric.name,
        "runs": [{"date": point.date, "run": point.records[0].run, "value": point.value} for point in points],
        "spread": found.spread,
        "steps": [_step(change) for change in course.changes],
        "detectable": found.detectable,
        "why": "; ".join(course.why),
    }


def _step(change: Change) -> dict[str, Any]:
    return {
        "since": change.since.date,
        "run": change.since.records[0].run,
        "before": change.step.was,
        "after": change.step.now,
        "ratio": change.ratio,
        "ratio_lo": change.bounds.lo,
        "ratio_hi": change.bounds.hi,
        "verdict": str(change.verdict),
        "runs_before": change.step.before,
        "runs_after": change.step.after,
        "changed": change.changed,
        "changed_beside": change.beside,
    }
