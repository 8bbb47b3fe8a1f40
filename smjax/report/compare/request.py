"""What `smjax compare` and `smjax regress` are asked, from folders to comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.nearest import nearest
from smjax.core.records.baselines import folder_of
from smjax.core.records.column import Column
from smjax.core.records.columns import METRICS
from smjax.core.records.folder import Loaded, load_records
from smjax.core.text import printable
from smjax.report.compare.between import Sides, between_runs
from smjax.report.compare.comparison import Comparison, Question
from smjax.report.compare.within import within_sweep

OUTPUTS = Path("outputs")
"""Where runs are, if nobody says otherwise."""


@dataclass(frozen=True)
class Request:
    """Two runs, or an axis of one."""

    runs: Sequence[str]
    """Folders, or names of saved baselines."""
    metric: str
    within: float
    axis: str | None = None
    base: str | None = None
    """A value of the axis."""
    history: Path | None = None
    between_runs: float | None = None


@dataclass(frozen=True)
class Answer:
    """Comparisons, and what is to be said beside them."""

    title: str
    question: Question
    comparisons: list[Comparison]
    notes: list[str]
    refused: list[str]
    """A line for each file that is no record."""


def answer(request: Request) -> Answer:
    """Read the records and compare; raises RequestError for whatever cannot be compared."""
    question = Question(_metric(request.metric), request.within)
    if request.axis is None:
        return _between(request, question)
    (run,) = request.runs
    loaded = load_records([folder_of(run)])
    comparisons, notes = within_sweep(loaded.records, request.axis, request.base, question)
    return Answer(f"{printable(run)} by {printable(request.axis)}", question, comparisons, notes, loaded.refused)


def _metric(name: str) -> Column:
    if name in METRICS:
        return METRICS[name]
    meant = nearest(name, METRICS)
    fix = f"did you mean {meant}?" if meant else "name one of them"
    raise RequestError(f"--metric {printable(name)}: expected one of {', '.join(METRICS)}, found another; {fix}")


def _between(request: Request, question: Question) -> Answer:
    base, new = (load_records([folder_of(run)]) for run in request.runs)
    if _names(base) == _names(new):
        raise RequestError(
            f"{printable(request.runs[1])}: expected another run than base, found the same records; "
            "for settings of one sweep write --axis NAME"
        )
    sides = Sides(base.records, new.records, _history(request.history), request.between_runs)
    comparisons, notes = between_runs(sides, question)
    names = " → ".join(printable(run) for run in request.runs)
    return Answer(names, question, comparisons, notes, _refused(base, new))


def _names(side: Loaded) -> set[tuple[str, str]]:
    return {(record.id, record.date) for record in side.records}


def _refused(*sides: Loaded) -> list[str]:
    return [line for side in sides for line in side.refused]


def _history(named: Path | None) -> Path | None:
    if named is None:
        return OUTPUTS if OUTPUTS.is_dir() else None
    if not named.is_dir():
        raise RequestError(f"--history {printable(str(named))}: expected a folder of runs, found none; check the path")
    return named
