"""How comparisons are printed, and what a regression is."""

from __future__ import annotations

import json
import sys
from typing import Any

from smjax.core.exit_codes import ExitCode
from smjax.core.numbers import listed, plural
from smjax.core.output import complain
from smjax.core.text import printable
from smjax.report.compare.cells import ALWAYS, varying
from smjax.report.compare.comparison import Comparison
from smjax.report.compare.fields import shown
from smjax.report.compare.request import Answer
from smjax.report.compare.spread import percent
from smjax.report.compare.table import table
from smjax.report.render.renderers import RENDERERS, show
from smjax.stats.verdicts import Verdict


def tell(answer: Answer, form: str, notes: list[str] | None = None) -> int:
    """Print the comparisons and complain of files that are no records; returns the exit code."""
    said = [*answer.notes, *(notes or ())]
    if form == "json":
        print(json.dumps([one.to_json() for one in answer.comparisons], indent=1, allow_nan=False))
        for line in said:
            complain(line)
    else:
        grids = [table(answer.title, answer.comparisons, answer.question, said)]
        RENDERERS["markdown"](grids, sys.stdout) if form == "md" else show(grids, sys.stdout)
    for line in answer.refused:
        complain(line)
    return ExitCode.FAILED if answer.refused else ExitCode.OK


def guard(answer: Answer, form: str, threshold: float, strict: bool) -> int:
    """Print the comparisons and what they say of regressions; returns the exit code."""
    missing = [one for one in answer.comparisons if one.is_missing]
    found = {verdict: list[Comparison]() for verdict in (Verdict.SLOWER, Verdict.UNDECIDED, Verdict.SAME)}
    for one in answer.comparisons:
        if not one.is_missing:
            found[_judged(one, threshold)].append(one)
    slower, undecided = found[Verdict.SLOWER], found[Verdict.UNDECIDED]
    code = tell(answer, form, _said(slower, undecided, missing, threshold))
    if slower or (strict and undecided):
        return ExitCode.REGRESSION
    return max(code, ExitCode.FAILED if missing else ExitCode.OK)


def _judged(one: Comparison, threshold: float) -> Verdict:
    if one.bounds is None:
        return Verdict.UNDECIDED
    return one.bounds.slowdown(threshold, one.metric.better)


def _said(
    slower: list[Comparison], undecided: list[Comparison], missing: list[Comparison], threshold: float
) -> list[str]:
    share = percent(threshold)
    rows = [*slower, *undecided, *missing]
    lines = [
        *(f"Regression: {_name(one, rows)}: certainly worse by more than {share}." for one in slower),
        *(f"Undecided: {_name(one, rows)}: {_open(one, share)}." for one in undecided),
        *(f"Missing: {_name(one, rows)}: new has no process of it that finished ok." for one in missing),
    ]
    return lines or [f"No regression: nothing is worse by more than {share}."]


def _open(one: Comparison, share: str) -> str:
    """What is not known: a side has no such figure, as energy cannot be read everywhere, or it may be either."""
    sides = [name for name, figure in (("base", one.base), ("new", one.new)) if figure is None]
    return f"{listed(sides)} without {one.metric.name}" if sides else f"it may be worse by more than {share}, or not"


def _name(one: Comparison, rows: list[Comparison]) -> str:
    """What tells the row from the others, and in what its sides differ."""
    apart = varying([row.scenario for row in rows])
    told = [name for name in one.scenario if name in ALWAYS or name in apart]
    values_told = [(name, one.scenario[name]) for name in told]
    agreed = [_field(name, value) for name, value in values_told if value != "" and not isinstance(value, list)]
    return ", ".join([*agreed, *one.differences])


def _field(name: str, value: Any) -> str:
    if name == "threads" and value is not None:
        return plural(value, "thread", "threads")
    return shown(value) if name == "model" else f"{printable(name)} {shown(value)}"
