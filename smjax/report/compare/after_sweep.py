"""What a sweep's own report says of settings that it went through: the ratios along each axis that has few values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smjax.core.records.record import Record
from smjax.report.compare.axis import Axis
from smjax.report.compare.comparison import Comparison, Question
from smjax.report.compare.metrics import metrics_of
from smjax.report.compare.pairing import Process, processes_of
from smjax.report.compare.table import table
from smjax.report.compare.within import along
from smjax.report.render.grid import Grid

AXES = ("engine", "kernel", "isa", "kv_dtype", "python")
WITHIN = 0.02
_FEW = 4
"""Values of an axis: of more the comparison is asked for."""


@dataclass(frozen=True)
class Along:
    """What the values of an axis do."""

    axis: str
    question: Question
    comparisons: Sequence[Comparison]


def grids(records: Sequence[Record]) -> list[Grid]:
    """A table of decode rates, or of what calls of ops take, for each of these axes that the sweep varies."""
    told = (one for one in along_axes(records) if any(each.ratio is not None for each in one.comparisons))
    return [table(f"By {one.axis}", one.comparisons, one.question) for one in told]


def along_axes(records: Sequence[Record], names: Sequence[str] = AXES) -> list[Along]:
    """The same as values, of any fields of a scenario; an axis of which nothing can be told is there too."""
    may_vary = [name for name in names if _may_vary(name, records)]
    if not may_vary:
        return []
    question = Question(metrics_of(records), WITHIN)
    processes = processes_of(records, *question.names)
    found = []
    for name in may_vary:
        axis = Axis(name, processes)
        if not axis.is_varied or (base := _base(axis)) is None:
            continue
        comparisons = [one for one in along(axis, base, question)[0] if one.is_measured]
        if comparisons and len(axis.values()) <= _FEW:
            found.append(Along(name, question, comparisons))
    return found


def _base(axis: Axis) -> str | None:
    """The first value that has a figure: beside one that failed nothing can be told, nor of imports without any."""
    able = {value for group in axis.groups for value, processes in group.items() if any(map(_has_figure, processes))}
    return next((value for value in axis.values() if value in able), None)


def _has_figure(process: Process) -> bool:
    return any(figure.value is not None for figure in process.figures.values())


def _may_vary(name: str, records: Sequence[Record]) -> bool:
    """Whether it may be an axis, by what was asked for and chosen alone."""
    if name == "engine":  # what is varied of its settings is part of its name
        return len({(one.scenario.engine, *sorted(one.scenario.engine_args.items())) for one in records}) > 1
    return len({(getattr(one.scenario, name), getattr(one.resolved, name, None)) for one in records}) > 1
