"""Which figures are compared: the one that is named, or else what the records are about."""

from __future__ import annotations

from collections.abc import Sequence

from smjax.core.errors import RequestError
from smjax.core.nearest import nearest
from smjax.core.records.column import Column
from smjax.core.records.columns import METRICS
from smjax.core.records.record import Record
from smjax.core.text import printable
from smjax.report.data.main_figure import DECODE, OF_OPS

OF_ANSWERS = (METRICS[DECODE],)
OF_CALLS = tuple(METRICS[name] for name in OF_OPS)
"""Of each row the first that both sides have."""


def metrics_of(records: Sequence[Record], named: str | None = None) -> tuple[Column, ...]:
    """The figure that is named, or else those of answers, of ops, or of both, where there are records of both.

    Raises RequestError for a name that no figure has.
    """
    if named is not None:
        return (_metric_named(named),)
    has_ops = any(record.scenario.points for record in records)
    has_answers = not all(record.scenario.points for record in records) or not records
    return (*(OF_ANSWERS if has_answers else ()), *(OF_CALLS if has_ops else ()))


def heading_of(metrics: Sequence[Column]) -> str:
    """What a column is headed by that has these figures, of which each row says its own where they are several."""
    headings = dict.fromkeys(metric.heading or metric.name for metric in metrics)
    if len(headings) == 1:
        return next(iter(headings))
    return "µs a call" if {metric.name for metric in metrics} <= set(OF_OPS) else "figure"


def _metric_named(name: str) -> Column:
    if name in METRICS:
        return METRICS[name]
    meant = nearest(name, METRICS)
    fix = f"did you mean {meant}?" if meant else "name one of them"
    raise RequestError(f"--metric {printable(name)}: expected one of {', '.join(METRICS)}, found another; {fix}")
