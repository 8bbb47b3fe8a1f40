"""Comparisons as a table: both figures, the ratio with its interval, the verdict, and why."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from smjax.report.compare import cells
from smjax.report.compare.comparison import Comparison, Question
from smjax.report.compare.lead import lead
from smjax.report.compare.metrics import heading_of
from smjax.report.compare.spread import percent
from smjax.report.render.grid import Cell, Grid, GridColumn, Row, draw, figure

_CAPTION = (
    "ratio: new / base, with its interval; all intervals of the table hold at once with a chance of 95 %. "
    "Inside of ±{within} it is the same."
)


def table(
    title: str, comparisons: Sequence[Comparison], question: Question, notes: Sequence[str] = (), caption: str = ""
) -> Grid:
    """One row for each. `caption`: what stands above it instead of what ratios and intervals are."""
    rows = [
        {**one.scenario, "figure": heading_of([one.metric]), "comparison": one, "base": one.base, "new": one.new}
        for one in comparisons
    ]
    caption = caption or _CAPTION.format(within=percent(question.within))
    spreads = dict.fromkeys(f"{said[:1].upper()}{said[1:]}." for said in _in_turn([one.spread for one in comparisons]))
    metrics = [one.metric for one in comparisons] or question.metrics
    figure = heading_of(metrics)
    columns = [*cells.keys([one.scenario for one in comparisons]), *cells.figures(metrics), *_columns(figure)]
    return draw(title, [*lead(comparisons, figure), caption], columns, rows, [*spreads, *notes])


def _in_turn(texts: Sequence[tuple[str, ...]]) -> list[str]:
    """First what each row says first."""
    return [said for same in itertools.zip_longest(*texts) for said in same if said]


def _columns(heading: str) -> list[GridColumn]:
    return [
        GridColumn("difference", lambda row: cells.parts(_of(row).differences), "any", role="key", parts=True),
        GridColumn(f"{heading} base", figure("base"), numeric=True),
        GridColumn("new", figure("new"), numeric=True, follows=True),
        GridColumn("ratio", lambda row: cells.ratio(_of(row).ratio), numeric=True, follows=True),
        GridColumn("interval", lambda row: cells.interval(_of(row).bounds, _of(row).ratio), follows=True, numeric=True),
        GridColumn("verdict", lambda row: cells.verdict(str(_of(row).verdict)), follows=True),
        GridColumn("detectable", lambda row: cells.share(_of(row).detectable), "any", numeric=True),
        GridColumn("n", lambda row: _processes(_of(row)), numeric=True),
        GridColumn("why", lambda row: cells.parts(_of(row).why), "any", role="remark", parts=True),
    ]


def _of(row: Row) -> Comparison:
    found: Comparison = row["comparison"]
    return found


def _processes(one: Comparison) -> Cell:
    """Processes of base and of new, or runs; one number where they are as many."""
    text = " and ".join(map(str, dict.fromkeys(one.count)))
    return Cell(one.count, f"{text} runs" if one.are_runs else text)
