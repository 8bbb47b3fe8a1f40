"""What `smjax compare` and `smjax regress` are asked, from folders to comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from smjax.core.errors import RequestError
from smjax.core.numbers import plural
from smjax.core.records.baselines import folder_of
from smjax.core.records.folder import load_records
from smjax.core.text import printable
from smjax.report.compare import sides
from smjax.report.compare.between import Sides, between_runs
from smjax.report.compare.comparison import Comparison, Question
from smjax.report.compare.earlier import Earlier, below
from smjax.report.compare.in_common import why_none
from smjax.report.compare.metrics import metrics_of
from smjax.report.compare.within import within_sweep

OUTPUTS = Path("outputs")
"""Where runs are, if nobody says otherwise."""


@dataclass(frozen=True)
class Request:
    """Two runs, or an axis of one."""

    runs: Sequence[str]
    """Folders, or names of saved baselines; of two runs each may be several, see `sides`."""
    metric: str | None
    """A column; None for what the records are about."""
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
    apart: str = ""
    """Why two runs have no scenario in common, if they have none."""


def answer(request: Request) -> Answer:
    """Read the records and compare; raises RequestError for whatever cannot be compared."""
    if request.axis is None:
        return _between(request)
    (run,) = request.runs
    loaded = load_records([folder_of(run)])
    question = Question(metrics_of(loaded.records, request.metric), request.within)
    comparisons, notes = within_sweep(loaded.records, request.axis, request.base, question)
    return Answer(f"{printable(run)} by {printable(request.axis)}", question, comparisons, notes, loaded.refused)


def _between(request: Request) -> Answer:
    base, new = map(sides.load, request.runs)
    question = Question(metrics_of([*base.records, *new.records], request.metric), request.within)
    if shared := base.names & new.names:
        found = "the same records" if base.names == new.names else f"{plural(len(shared), 'record', 'records')} of both"
        raise RequestError(
            f"{printable(request.runs[1])}: expected another run than base, found {found}; "
            "for settings of one sweep write --axis NAME"
        )
    asked = Sides(base.runs, new.runs, _history(request.history), request.between_runs)
    comparisons, notes = between_runs(asked, question)
    apart = "" if any(one.is_measured for one in comparisons) else why_none(*(side.records for side in (base, new)))
    names = " → ".join(printable(run) for run in request.runs)
    return Answer(names, question, comparisons, notes, [*base.refused, *new.refused], apart)


def _history(named: Path | None) -> Earlier | None:
    if named is None:
        return below(OUTPUTS) if OUTPUTS.is_dir() else None
    if not named.is_dir():
        raise RequestError(f"--history {printable(str(named))}: expected a folder of runs, found none; check the path")
    return below(named)
