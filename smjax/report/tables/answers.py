"""Answers of several engines to the same ids beside a reference, so that speed bought with wrong ones is seen."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smjax.core.numbers import significant
from smjax.core.records.answer import IDS_KEPT
from smjax.core.records.evaluation import Evaluated, Evaluation
from smjax.report.data.agreement import together
from smjax.report.render.grid import NOTHING, Cell, Grid, GridColumn, Row, draw, name_of
from smjax.report.render.renderers import RENDERERS, show
from smjax.stats.agreement import nmse

_CAPTION = (
    "NLL: mean negative log-likelihood of the ids given their prefixes, nats. NMSE: of the scores after the last id. "
    "Ids that agree: of up to {most} that are then chosen greedily, those before the first that differs; gap: by how "
    "much the reference preferred that one, of which a small one is decided by rounding."
)


@dataclass(frozen=True)
class Beside:
    """An answer and what sets it apart from the reference; None where one of the two does not give it."""

    evaluated: Evaluated
    nll_difference: float | None = None
    logits_nmse: float | None = None
    ids_agree: int | None = None
    ids_compared: int | None = None
    gap: float | None = None
    """By how much the reference preferred the first id that differs, where it says so."""

    def to_json(self) -> dict[str, Any]:
        """A row, for programs."""
        one = self.evaluated
        return {
            **{name: getattr(one, name) for name in ("engine", "kernel", "isa", "status", "reason")},
            "nll_mean": one.answer.nll_mean,
            **{name: value for name, value in vars(self).items() if name != "evaluated"},
        }


def beside(one: Evaluated, reference: Evaluation) -> Beside:
    """The answer held against the reference."""
    found = one.answer
    ids, expected = ((answer.greedy or [])[:IDS_KEPT] for answer in (found, reference))
    agree, compared = together(ids, expected), min(len(ids), len(expected))
    gaps = reference.gaps or []
    return Beside(
        one,
        None if found.nll_mean is None or reference.nll_mean is None else found.nll_mean - reference.nll_mean,
        nmse(found.logits, reference.logits) if found.logits and reference.logits else None,
        agree if compared else None,
        compared or None,
        gaps[agree] if agree < min(compared, len(gaps)) else None,
    )


def tell(title: str, found: Sequence[Evaluated], reference: Evaluation | None, named: str, form: str) -> None:
    """Print the answers beside the reference, which is `named` so; without one by themselves."""
    rows = [beside(one, reference or Evaluation()) for one in found]
    if form == "json":
        print(json.dumps([row.to_json() for row in rows], indent=1, allow_nan=False))
        return
    caption = f"Reference: {named}." if reference else f"Reference: {named}, which failed: nothing is held against it."
    grids = [_grid(title, caption, rows)]
    RENDERERS["markdown"](grids, sys.stdout) if form == "md" else show(grids, sys.stdout)


def _grid(title: str, caption: str, rows: Sequence[Beside]) -> Grid:
    columns = [
        GridColumn("engine", name_of("engine"), role="key"),
        GridColumn("kernel", name_of("kernel"), role="key"),
        GridColumn("isa", name_of("isa"), "varies", role="key"),
        GridColumn("NLL", lambda row: _rounded(row["nll_mean"], ".4f"), numeric=True),
        GridColumn("difference", lambda row: _rounded(row["nll_difference"], "+.4f"), numeric=True, follows=True),
        GridColumn("NMSE", lambda row: _small(row["logits_nmse"]), numeric=True),
        GridColumn("ids that agree", _agreeing, numeric=True),
        GridColumn("gap", lambda row: Cell(row["gap"], significant(row["gap"], 2)), "any", numeric=True, follows=True),
        GridColumn("failed", _failure, "any", role="remark"),
    ]
    return draw(title, [_CAPTION.format(most=IDS_KEPT), caption], columns, [row.to_json() for row in rows])


def _failure(row: Row) -> Cell:
    return NOTHING if row["status"] == "ok" else Cell(row["status"], f"{row['status']}: {row['reason']}")


def _agreeing(row: Row) -> Cell:
    if row["ids_agree"] is None:
        return NOTHING
    return Cell(row["ids_agree"], f"{row['ids_agree']} of {row['ids_compared']}")


def _rounded(value: float | None, form: str) -> Cell:
    return NOTHING if value is None else Cell(value, format(value, form))


def _small(value: float | None) -> Cell:
    """Errors are of any size: as a power of ten."""
    return NOTHING if value is None else Cell(value, significant(value, 2) if value == 0 else f"{value:.1e}")
