"""Comparisons as a table: both figures, the ratio with its interval, the verdict, and why."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from smjax.core.numbers import significant
from smjax.core.records.columns import COLUMNS
from smjax.report.compare.comparison import Comparison, Question
from smjax.report.compare.fields import SHOWN, in_short, shown
from smjax.report.compare.spread import percent
from smjax.report.render.grid import NOTHING, Cell, Grid, GridColumn, Row, draw, figure

_COLUMNS = {column.name: column for column in COLUMNS if column.heading}
_ALWAYS = ("model", "threads", "ctx")
_CAPTION = (
    "ratio: new / base, with its interval; all intervals of the table hold at once with a chance of 95 %. "
    "Inside of ±{within} it is the same."
)


def table(
    title: str, comparisons: Sequence[Comparison], question: Question, notes: Sequence[str] = (), caption: str = ""
) -> Grid:
    """One row for each. `caption`: what stands above it instead of what ratios and intervals are."""
    rows = [
        {**one.scenario, "comparison": one, "base": one.base, "new": one.new, "differs": in_short(one.differs)}
        for one in comparisons
    ]
    caption = caption or _CAPTION.format(within=percent(question.within))
    spreads = dict.fromkeys(f"{said[:1].upper()}{said[1:]}." for said in _in_turn([one.spread for one in comparisons]))
    return draw(title, [caption], [*_scenario(comparisons), *_columns(question)], rows, [*spreads, *notes])


def _in_turn(texts: Sequence[tuple[str, ...]]) -> list[str]:
    """First what each row says first."""
    return [said for same in itertools.zip_longest(*texts) for said in same if said]


def _scenario(comparisons: Sequence[Comparison]) -> list[GridColumn]:
    """What is always told, and what else tells rows apart."""
    names = dict.fromkeys(name for one in comparisons for name in one.scenario)
    varying = [name for name in names if len({str(one.scenario.get(name)) for one in comparisons}) > 1]
    return [_field(name) for name in names if name in varying or (name in SHOWN and name != "model_hash")]


def _field(name: str) -> GridColumn:
    """A field of the scenario, where the sides agree in it; where they do not, another column says so."""

    def cell(row: Row) -> Cell:
        value: Any = row.get(name)
        return NOTHING if value is None or value == "" or isinstance(value, list) else Cell(value, shown(value))

    known = _COLUMNS.get(name)
    heading, numeric = (known.heading, known.kind != "text") if known else (name, False)
    return GridColumn(heading, cell, "any" if name in _ALWAYS else "varies", numeric, role="key")


def _columns(question: Question) -> list[GridColumn]:
    heading = question.metric.heading or question.metric.name
    return [
        GridColumn("difference", _parts(lambda row: row["differs"]), "any", role="key", parts=True),
        GridColumn(f"{heading} base", figure("base"), numeric=True),
        GridColumn("new", figure("new"), numeric=True, follows=True),
        GridColumn("ratio", _ratio, numeric=True, follows=True),
        GridColumn("interval", _interval, follows=True, numeric=True),
        GridColumn("verdict", _verdict, follows=True),
        GridColumn("detectable", _detectable, "any", numeric=True),
        GridColumn("n", _processes, numeric=True),
        GridColumn("why", _parts(lambda row: row["comparison"].why), "any", role="remark", parts=True),
    ]


def _parts(texts: Callable[[Row], tuple[str, ...]]) -> Callable[[Row], Cell]:
    return lambda row: Cell(texts(row), ", ".join(texts(row)))


def _ratio(row: Row) -> Cell:
    ratio = row["comparison"].ratio
    return NOTHING if ratio is None else Cell(ratio, f"{ratio:.4f}")


def _interval(row: Row) -> Cell:
    bounds = row["comparison"].bounds
    return NOTHING if bounds is None else Cell((bounds.lo, bounds.hi), f"{bounds.lo:.4f} to {bounds.hi:.4f}")


def _verdict(row: Row) -> Cell:
    verdict = row["comparison"].verdict
    return Cell(verdict, str(verdict))


def _processes(row: Row) -> Cell:
    """Processes of base and of new, or runs; one number where they are as many."""
    one: Comparison = row["comparison"]
    text = " and ".join(map(str, dict.fromkeys(one.count)))
    return Cell(one.count, f"{text} runs" if one.are_runs else text)


def _detectable(row: Row) -> Cell:
    share = row["comparison"].detectable
    return NOTHING if share is None else Cell(share, f"{significant(share * 100, 2)} %")
